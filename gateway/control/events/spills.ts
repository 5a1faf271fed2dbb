/** Owns telling when traffic of this gateway's clients leaves the cluster that usually answers it, and when it is back, with counts. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { EventDraft } from './event.ts';

/** Requests in one step of time, by the cluster that answered. */
export type Answered = ReadonlyMap<ServiceName, ReadonlyMap<string, number>>;

/** Away: more than this share of a step's requests. A few that were tried again elsewhere are none. */
const awayShare = 0.05;

interface Spill {
  readonly since: number;
  /** Requests since then, and those that others answered. */
  requests: number;
  elsewhere: number;
}

export class Spills {
  readonly #self: ClusterName;
  readonly #usual = new Map<ServiceName, string>();
  readonly #spills = new Map<ServiceName, Spill>();

  constructor(self: ClusterName) {
    this.#self = self;
  }

  /** The events of a step that ended at wall milliseconds `at`. `hasCopies`: whether a service has copies in this cluster. */
  step(at: number, answered: Answered, hasCopies: (service: ServiceName) => boolean): EventDraft[] {
    return [...answered].flatMap(([service, by]) => {
      const requests = [...by.values()].reduce((sum, n) => sum + n, 0);
      if (requests === 0) return [];
      const usual = this.#usualOf(service, by, hasCopies);
      const elsewhere = requests - (by.get(usual) ?? 0);
      return this.#look(service, usual, { at, requests, elsewhere, by });
    });
  }

  /** This cluster where it has copies, else the cluster that answered most at first; this one, too, once it answers most by itself. */
  #usualOf(
    service: ServiceName,
    by: ReadonlyMap<string, number>,
    hasCopies: (service: ServiceName) => boolean,
  ): string {
    const [most = this.#self] = [...by].sort(([, a], [, b]) => b - a)[0] ?? [];
    const known = this.#usual.get(service);
    const isHome = most === this.#self && !this.#spills.has(service);
    const first = hasCopies(service) ? this.#self : most;
    const usual = isHome ? this.#self : (known ?? first);
    this.#usual.set(service, usual);
    return usual;
  }

  #look(
    service: ServiceName,
    usual: string,
    seen: {
      readonly at: number;
      readonly requests: number;
      readonly elsewhere: number;
      readonly by: ReadonlyMap<string, number>;
    },
  ): EventDraft[] {
    const { at, requests, elsewhere, by } = seen;
    const isAway = elsewhere / requests > awayShare;
    const spill = this.#spills.get(service);
    if (!spill) {
      if (!isAway) return [];
      this.#spills.set(service, { since: at, requests, elsewhere });
      const to = Object.fromEntries([...by].filter(([cluster]) => cluster !== usual));
      const what = `${service}: traffic leaves ${usual}: ${elsewhere} of the last ${requests} requests were answered by ${Object.keys(to).sort().join(', ')}`;
      const details = { service, begins: true, usual, requests, elsewhere, to };
      return [{ kind: 'spill', severity: 'warning', cluster: this.#self, what, details }];
    }
    spill.requests += requests;
    spill.elsewhere += elsewhere;
    if (isAway) return [];
    this.#spills.delete(service);
    const seconds = Math.round((at - spill.since) / 1000);
    const what = `${service}: traffic is back in ${usual} after ${seconds} s: ${spill.elsewhere} of ${spill.requests} requests were answered elsewhere meanwhile`;
    const { requests: all, elsewhere: moved } = spill;
    const details = { service, begins: false, usual, requests: all, elsewhere: moved, seconds };
    return [{ kind: 'spill', severity: 'info', cluster: this.#self, what, details }];
  }
}
