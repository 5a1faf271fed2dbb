/** Owns a steady load in tests: idempotent requests at a fixed rate through one gateway, and what became of each. */
import { type Sample, SteadyClient } from '../../examples/demo/client.ts';
import type { Cluster } from './federation.ts';
import { until } from './until.ts';

/** Enough to tell where traffic goes. */
const recent = 25;

export class SteadyLoad {
  readonly #client: SteadyClient;
  readonly #samples: Sample[] = [];
  #stopped = false;

  /** Begins to ask for `orders.shop` through a cluster's gateway, `perSecond` times a second, until `stop`. */
  constructor({ gateway }: Cluster, perSecond = 50) {
    const port = Number(gateway.listener('outbound').split(':')[1]);
    this.#client = new SteadyClient({
      port,
      host: 'orders.shop.acme',
      perSecond,
      onSample: (sample) => this.#samples.push(sample),
    });
    this.#client.start();
  }

  /** Resolves once the last 25 requests were all served by one of `clusters`. */
  async servedBy(...clusters: readonly Cluster[]): Promise<void> {
    const names = new Set(clusters.map(({ name }) => name));
    await until(`${[...names].join(' or ')} to serve everything`, () => {
      const last = this.#samples.slice(-recent);
      return last.length === recent && last.every(({ cluster }) => names.has(cluster ?? ''));
    });
  }

  /** Resolves once `count` more requests have been answered. */
  async goesOn(count = 2 * recent): Promise<void> {
    const enough = this.#samples.length + count;
    await until(`${count} more answers`, () => this.#samples.length >= enough);
  }

  /** Finished requests so far, in the order they finished. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Stops asking; resolves to why requests failed. */
  async stop(): Promise<readonly string[]> {
    if (!this.#stopped) await this.#client.stop();
    this.#stopped = true;
    return this.#samples.flatMap(({ error }) => error ?? []);
  }
}
