/** Owns joining by token in the scene, as an operator types it. */
import type { SceneGateway } from './gateway.ts';

/** `other` joins by a token that `member` makes: as another cluster, or with `--gateway` as a further gateway of the same. */
export async function joinBy(
  member: SceneGateway,
  other: SceneGateway,
  ...kind: readonly '--gateway'[]
): Promise<void> {
  const token = await member.process.isthmusOk(['token', 'create', ...kind]);
  await other.process.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: token });
}
