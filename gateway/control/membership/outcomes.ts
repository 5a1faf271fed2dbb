/** Owns the results of inviting and of joining. */
import type { ClusterName } from '../../../core/names.ts';
import type { JoinPlan } from '../../../federation/join-plan.ts';
import type { Line } from '../../../federation/preflight.ts';

/** The token that is asked for. */
export interface TokenAsked {
  /** Default 15 minutes. */
  readonly ttlMs: number | undefined;
  readonly admits: 'cluster' | 'gateway';
  /** The cluster in whose place another of its name is admitted; undefined for none's. */
  readonly replaces: ClusterName | undefined;
}

/** A join token: the one time it is shown. */
export interface Invitation {
  readonly token: string;
  readonly id: string;
  /** Wall milliseconds. */
  readonly expiresAt: number;
  /** Fingerprint of the root that the joiner will pin. */
  readonly fingerprint: string;
}

/** The changes that joining made, or would make, and what was looked at before. */
export interface JoinOutcome extends JoinPlan {
  readonly federation: string;
  /** The cluster whose token it was. */
  readonly via: string;
  readonly fingerprint: string;
  readonly adds: {
    readonly clusters: readonly {
      readonly cluster: string;
      readonly region: string;
      readonly fingerprint: string;
    }[];
  };
  readonly lines: readonly Line[];
  readonly joined: boolean;
}
