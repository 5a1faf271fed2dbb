/** Owns changes that go on: so many a second, written straight into the registry, and how soon registrations among them are routable at the gateway of another cluster. */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Store, WriteOp } from '../../registry/store.ts';
import { until } from '../../test/support/until.ts';
import { type BenchGateway, federation } from '../cluster.ts';

/** Changes are written this often, in milliseconds: as many as are due. A session gathers as well while a transaction of its own is under way. */
const beatMs = 10;
/** More transactions than this on their way at a time, and the registry is what is slow: fewer are written then. */
const mostUnderWay = 256;
/** A registration is asked for this often until it answers, in milliseconds: by so much a figure may be too long. */
const askEveryMs = 20;
/** A registration that is not routable by then never will be. */
const patienceMs = 30_000;

/** What changes in turn: an endpoint of the cluster that is measured, which all are one sibling's, and a summary of any of many others. */
export interface ChangePair {
  readonly endpoint: WriteOp;
  readonly summary: WriteOp;
}

/**
 * Writes `perSecond` changes, of one pair after the other and from the start again, until stopped; `stop` resolves to how many the registry
 * took. They are written as gateways do: what one has to say by the time it can, in one transaction, and what another has in its own.
 */
export function keepChanging(
  store: Store,
  perSecond: number,
  pairs: readonly ChangePair[],
): { stop(): Promise<{ written: number; perSecond: number }> } {
  const started = performance.now();
  let [begun, written] = [0, 0];
  const underWay = new Set<Promise<unknown>>();
  const write = (ops: readonly WriteOp[]): void => {
    const one = store.txn([], ops).then(() => {
      written += ops.length;
      underWay.delete(one);
    });
    underWay.add(one);
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - started) * perSecond) / 1000;
    const endpoints: WriteOp[] = [];
    for (; begun < due && underWay.size < mostUnderWay; begun += 2) {
      const { endpoint, summary } = pairs[(begun / 2) % pairs.length] as ChangePair;
      endpoints.push(endpoint);
      write([summary]);
    }
    if (endpoints.length > 0) write(endpoints);
  }, beatMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return { written, perSecond: (written * 1000) / (performance.now() - started) };
    },
  };
}

/** An HTTP service to be registered; and registering it at `from`, and asking for it through `to`, under ever new names. */
export class Registrations {
  readonly #server = createServer((_, response) => response.end('ok'));
  readonly #agent = new Agent({ keepAlive: true });
  readonly #from: BenchGateway;
  readonly #to: BenchGateway;
  #count = 0;

  constructor(from: BenchGateway, to: BenchGateway) {
    this.#from = from;
    this.#to = to;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await until('the upstream to listen', () => this.#server.address() !== null);
  }

  /** Milliseconds from before a registration to its first answer through the other gateway. */
  async one(): Promise<number> {
    const name = `r${this.#count++}`;
    const started = performance.now();
    const [ms] = await Promise.all([this.#routable(name, started), this.#register(name)]);
    return ms;
  }

  close(): void {
    this.#server.close();
    this.#agent.destroy();
  }

  async #register(name: string): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const response = await fetch(
      `${this.#from.admin}/v1/services/registered/${name}/endpoints/one`,
      {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ address: '127.0.0.1', port }),
      },
    );
    if (!response.ok) throw new Error(await response.text());
    await response.body?.cancel();
  }

  async #routable(name: string, started: number): Promise<number> {
    while (!(await this.#answers(name))) {
      if (performance.now() - started > patienceMs) throw new Error(`${name} is not routable`);
      await wait(askEveryMs);
    }
    return performance.now() - started;
  }

  #answers(name: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const headers = { host: `${name}.registered.${federation}` };
      const options = { host: '127.0.0.1', port: this.#to.outbound, headers, agent: this.#agent };
      request(options, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode === 200));
      })
        .on('error', reject)
        .end();
    });
  }
}
