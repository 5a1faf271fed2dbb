/** Owns by which changes written policies follow the federation that the cluster is in, and the way to its registry. */
import type { Changes } from '../changes.ts';
import type { Membership } from '../membership/membership.ts';
import type { WrittenPolicies } from './written-policies.ts';

interface FollowedParts {
  readonly changes: Pick<Changes, 'join'>;
  readonly membership: Pick<Membership, 'session'>;
}

/** Join after what decides which registry the session has: a drill may take it away. */
export function followRegistry(
  policies: Pick<WrittenPolicies, 'follow'>,
  { changes, membership }: FollowedParts,
): void {
  const follow = (): void => {
    const { session } = membership;
    policies.follow(
      session && {
        session,
        store: session.store,
        trust: session.trust,
        verify: (cluster, key, raw) => session.trust.verifyFrom(cluster, key, raw),
        isOut: () => session.isOut,
      },
    );
  };
  changes.join({ membership: follow, effects: follow });
}
