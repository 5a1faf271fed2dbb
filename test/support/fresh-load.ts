/** Owns a load of fresh connections in tests: each request opens its own, several at a time, with a short rest after each answer. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './federation.ts';
import type { Scope } from './gateway-process.ts';
import { until } from './until.ts';

/** Requests at a time. */
const width = 8;
/** Hundreds of connections a second come all the same, and leave processors to what is under load. */
const restMs = 15;

export class FreshLoad {
  readonly #failures: string[] = [];
  readonly #loops: Promise<void>[];
  #answered = 0;
  #stopped = false;

  /** Begins to ask for `orders.shop` through a cluster's gateway, until `stop` or the test's end. */
  constructor(t: Pick<Scope, 'teardown'>, { gateway }: Cluster) {
    t.teardown(() => this.stop());
    this.#loops = Array.from({ length: width }, async () => {
      while (!this.#stopped) {
        try {
          const { status, body } = await gateway.request('orders.shop');
          if (status === 200) this.#answered++;
          else this.#failures.push(`${status} ${body}`);
        } catch (thrown) {
          this.#failures.push(String(thrown));
        }
        await delay(restMs);
      }
    });
  }

  /** Resolves once `count` more requests have been answered. */
  async goesOn(count = 100): Promise<void> {
    const enough = this.#answered + count;
    await until(`${count} more answers`, () => this.#answered >= enough);
  }

  /** Stops asking; resolves to why requests failed. */
  async stop(): Promise<readonly string[]> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.#failures;
  }
}
