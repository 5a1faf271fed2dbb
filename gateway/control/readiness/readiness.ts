/** Owns whether a gateway serves, and why not: derived here once, for everyone who says it. */
import { IsthmusError } from '../../../core/errors.ts';

/** A reason why a gateway that runs is not ready, whatever it has to serve. */
export interface Obstacle {
  /**
   * `uninformed`: it is, or may be, a member and has no snapshot yet. `unjoined`: it may serve only as a
   * member and is none. `displaced`: its cluster is a member, and this gateway has not its authority (any more).
   * `id-taken`: another gateway of its cluster has its id. `disagreeing`: another says otherwise of the cluster.
   * `clock-off`: its certificates are refused for its clock, and another gateway of its cluster serves.
   */
  readonly state:
    | 'uninformed'
    | 'unjoined'
    | 'displaced'
    | 'id-taken'
    | 'disagreeing'
    | 'clock-off';
  readonly problem: IsthmusError;
}

export type Lifecycle = 'starting' | 'serving' | 'draining';

/** A gateway that is not ready answers for the services it knows, and 503 for others. */
export type Readiness =
  | { readonly state: 'ready' }
  | { readonly state: 'starting' | 'draining'; readonly problem: IsthmusError }
  | Obstacle;

export function readinessOf(lifecycle: Lifecycle, obstacle: Obstacle | undefined): Readiness {
  switch (lifecycle) {
    case 'starting':
      return { state: 'starting', problem: new IsthmusError('NOT_READY', { what: 'It starts' }) };
    case 'draining':
      return { state: 'draining', problem: new IsthmusError('DRAINING', { what: 'It ends' }) };
    case 'serving':
      return obstacle ?? { state: 'ready' };
  }
}
