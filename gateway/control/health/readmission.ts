/** Owns bringing back endpoints that workers have ejected: the next check that passes ends it. */
import type { Clock } from '../../../core/clock.ts';
import type { Check } from '../../../policy/health-check.ts';
import type { EndpointName } from '../../data/worker/protocol.ts';
import type { HealthChecker } from './checker.ts';

interface ReadmissionOptions {
  readonly checker: Pick<HealthChecker, 'set' | 'remove' | 'status' | 'onPass'>;
  readonly clock: Clock;
  /** The key by which this gateway checks an endpoint of its own; it may have no check. */
  keyOf(endpoint: EndpointName): string;
  /** Where an endpoint is that is registered with another gateway of the cluster; undefined where it is not. */
  elsewhere(
    endpoint: EndpointName,
  ): { readonly address: string; readonly port: number } | undefined;
  /** Called once for each, when its check has passed. */
  passed(endpoint: EndpointName): void;
}

interface Awaited {
  readonly endpoint: EndpointName;
  /** Monotonic milliseconds: a check that began before says nothing of what made a worker eject it. */
  readonly since: number;
  /** Present while it is probed for this. */
  readonly endProbing?: () => void;
}

/** What another gateway checks it by is not known here: it is probed by connecting, as orphans are, while it is ejected. */
const probe: Check = {
  ...{ probe: { kind: 'tcp' }, timeoutMs: 1_000, rise: 1, fall: 3 },
  intervalMs: 2_000,
};
/** How long that goes on, in milliseconds: as long as ejections last at most, unless a policy says more. */
const longestMs = 300_000;

export class Readmission {
  readonly #options: ReadmissionOptions;
  /** By the key of their check. */
  readonly #awaited = new Map<string, Awaited>();

  constructor(options: ReadmissionOptions) {
    this.#options = options;
    const { checker } = options;
    checker.onPass((key, startedAt) => {
      const one = this.#awaited.get(key);
      if (one === undefined || startedAt < one.since) return;
      this.#leave(key);
      options.passed(one.endpoint);
    });
  }

  /** A worker has ejected it, again where it has been told of before. */
  ejected(endpoint: EndpointName): void {
    const { checker, clock, keyOf, elsewhere } = this.#options;
    const own = keyOf(endpoint);
    const since = clock.monotonic();
    if (checker.status(own) !== undefined) {
      this.#awaited.set(own, { endpoint, since });
      return;
    }
    const place = elsewhere(endpoint);
    if (place === undefined) return;
    const key = `ejected:${own}`;
    this.#awaited.get(key)?.endProbing?.();
    const endProbing = clock.after(longestMs, () => this.#leave(key));
    this.#awaited.set(key, { endpoint, since, endProbing });
    const { address, port } = place;
    checker.set({ key, address, port, check: probe });
  }

  #leave(key: string): void {
    const { endProbing } = this.#awaited.get(key) ?? {};
    this.#awaited.delete(key);
    if (endProbing === undefined) return;
    endProbing();
    this.#options.checker.remove(key);
  }
}
