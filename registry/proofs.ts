/** Owns proving the signatures of many records at once, on threads that are there for no longer than that: a hundred thousand take seconds, in which the thread that asks is free. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { keyIdOf } from '../certs/signature.ts';
import type { Log } from '../core/log.ts';

/** A record as it is stored, under its key. */
interface Signed {
  readonly key: string;
  readonly value?: Uint8Array | string | undefined;
}

/** What a thread is handed at its start: public keys, by how signatures name their roots. */
export type ProvingKeys = ReadonlyMap<string, KeyObject>;

/** Keys and texts of records; a thread answers with an octet for each, which is 1 where the record is proven. */
export type ProvingBatch = readonly (readonly [key: string, text: string])[];

interface ProofsOptions {
  /** The roots that signatures may be by. */
  roots(): Iterable<X509Certificate>;
  /** How many threads at most. */
  readonly threads: number;
  readonly log: Log;
}

const batchSize = 500;
/** Fewer are verified before a thread has started. */
const leastSigned = 2_000;
/** For what is young, in MiB. */
const youngMiB = 8;

export class Proofs {
  readonly #options: ProofsOptions;
  readonly #proven = new WeakSet<Signed>();

  constructor(options: ProofsOptions) {
    this.#options = options;
  }

  /** Whether the root that the signature of this very object names was found to have made it. False says nothing. */
  has(one: Signed): boolean {
    return this.#proven.has(one);
  }

  /** Resolves once those are known that are proven, as far as threads could tell. */
  async prove(all: readonly Signed[]): Promise<void> {
    const { threads, log } = this.#options;
    if (all.length < leastSigned || threads < 1) return;
    const keys: ProvingKeys = new Map(
      Iterator.from(this.#options.roots()).map((root) => [keyIdOf(root), root.publicKey] as const),
    );
    let taken = 0;
    const take = (): readonly Signed[] => {
      const batch = all.slice(taken, taken + batchSize);
      taken += batch.length;
      return batch;
    };
    try {
      await Promise.all(Array.from({ length: threads }, () => this.#work(keys, take)));
    } catch (err) {
      log.warn({ err }, 'signatures could not be proven on threads; they are verified one by one');
    }
  }

  /** Has one thread work for as long as there is something left. Rejects when the thread fails. */
  #work(keys: ProvingKeys, take: () => readonly Signed[]): Promise<void> {
    const thread = new Worker(new URL('proving-thread.ts', import.meta.url), {
      name: 'proofs',
      workerData: keys,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
    });
    return new Promise<void>((resolve, reject) => {
      let batch: readonly Signed[] = [];
      const hand = (): void => {
        batch = take();
        if (batch.length === 0) resolve();
        else thread.postMessage(batch.map(textOf) satisfies ProvingBatch);
      };
      thread.on('message', (proven: Uint8Array) => {
        for (const [i, one] of batch.entries()) if (proven[i] === 1) this.#proven.add(one);
        hand();
      });
      thread.on('error', reject);
      thread.on('exit', () => reject(new Error('the thread ended early')));
      hand();
    }).finally(() => thread.terminate());
  }
}

const utf8 = new TextDecoder();

function textOf({ key, value = '' }: Signed): readonly [key: string, text: string] {
  return [key, typeof value === 'string' ? value : utf8.decode(value)];
}
