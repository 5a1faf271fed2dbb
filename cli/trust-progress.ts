/** Owns waiting for what gateways do about trust, and saying who is waited for as that changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RevocationItem, RotationItem } from '../gateway/control/api/answers.ts';
import type { AdminClient } from './admin-client.ts';
import type { Cli } from './cli.ts';
import { printable } from './terminal.ts';

const lookMs = 500;
/** Revoking takes seconds; who has not done it by then is named. */
const revokedWithinMs = 30_000;

/** Until the next root signs, however long that takes: the command can be ended meanwhile, and the change goes on. */
export async function followRotation(cli: Cli, admin: AdminClient): Promise<RotationItem> {
  const note = notes(cli);
  for (;;) {
    const now = await admin.get<RotationItem>('/v1/trust/rotation');
    if (now.phase !== 'published') return now;
    note(now.laggards);
    await sleep(lookMs);
  }
}

/** Until every gateway has done it, or for half a minute. */
export async function followRevocation(
  cli: Cli,
  admin: AdminClient,
  cluster: string,
): Promise<RevocationItem> {
  const note = notes(cli);
  const until = performance.now() + revokedWithinMs;
  for (;;) {
    const now = await admin.get<RevocationItem>(
      `/v1/trust/revocations/${encodeURIComponent(cluster)}`,
    );
    const late = now.gateways.filter(({ state }) => state !== 'revoked' && state !== 'offline');
    if (late.length === 0 || performance.now() > until) return now;
    note(late.map((one) => `${one.cluster}/${one.gateway}`));
    await sleep(lookMs);
  }
}

function notes(cli: Cli): (late: readonly string[]) => void {
  let said: string | undefined;
  return (late) => {
    const text = late.length === 0 ? 'the registry' : late.join(', ');
    if (text !== said) cli.note(printable(`Waiting for ${text}`));
    said = text;
  };
}
