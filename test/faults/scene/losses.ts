/** Owns noting what was killed, stopped or cut in the scene, and when. */
import type { Isolation, Loss } from '../ledger.ts';

export class Losses {
  #losses: Loss[] = [];
  #isolations: Isolation[] = [];

  gateway(gateway: string, from: number, until: number): void {
    this.#losses.push({ what: { kind: 'gateway', gateway }, from, until });
  }

  /** The way from clients of one datacenter, or of all, to the services of another. */
  way(to: string, at: { readonly from: number; readonly until: number }, asking?: string): void {
    const what =
      asking === undefined
        ? { kind: 'way' as const, to }
        : { kind: 'way' as const, to, from: asking };
    this.#losses.push({ what, ...at });
  }

  /** A datacenter that reaches no other one, until `reachable` is called. */
  isolated(datacenter: string, from: number): void {
    this.#isolations.push({ datacenter, from, until: Number.POSITIVE_INFINITY });
  }

  reachable(at: number): void {
    this.#isolations = this.#isolations.map((one) => ({ ...one, until: Math.min(one.until, at) }));
  }

  /** What was noted since it was taken last. */
  take(): { readonly losses: readonly Loss[]; readonly isolations: readonly Isolation[] } {
    const taken = { losses: this.#losses, isolations: this.#isolations };
    this.#losses = [];
    this.#isolations = [];
    return taken;
  }
}
