/** Owns what to check of an endpoint, and how often. */
import type { RiseFall } from './rise-fall.ts';

/** Statuses from `from` to `to`, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export interface CheckTiming extends RiseFall {
  /** From the start of one check to the start of the next, in milliseconds; default 2000. */
  readonly intervalMs: number;
  /** Most time one check may take, in milliseconds; default 1000. */
  readonly timeoutMs: number;
}

export type HealthCheck =
  | (CheckTiming & {
      /** Passes when `GET path` is answered with an expected status. */
      readonly kind: 'http';
      readonly path: string;
      /** Default 200 to 399. */
      readonly expect: readonly StatusRange[];
      /** `Host` field; default the endpoint's address. */
      readonly host?: string | undefined;
    })
  | (CheckTiming & {
      /** Passes when a connection is accepted. */
      readonly kind: 'tcp';
    });

export const defaultCheckTiming: CheckTiming = {
  intervalMs: 2_000,
  timeoutMs: 1_000,
  rise: 2,
  fall: 2,
};

export const defaultExpect: readonly StatusRange[] = [{ from: 200, to: 399 }];
