/** Owns giving all workers other listeners and limits: prepared at each of them, then in force at all, or at none. */
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { Kept } from '../../data/listen/edge.ts';
import {
  edgeListenersOf,
  edgeNumber,
  type ListenAt,
  type PerEdgeListener,
  type PerListener,
} from '../../data/worker/listeners.ts';
import type { Requests, Results } from '../../data/worker/protocol.ts';
import { assertFree, withBoundPort } from './addresses.ts';
import type { WorkerThread } from './thread.ts';
import type { Worker } from './worker.ts';

/** The addresses and limits that are to be in force. */
interface Shape extends Omit<Requests['prepare'], 'at'> {
  readonly listen: PerListener<string>;
  /** The limits of one worker. */
  readonly limits: Requests['commit']['limits'];
}

/** A worker that has prepared, and where it listens anew. */
interface Ready {
  readonly thread: WorkerThread;
  readonly bound: Results['prepare'];
}

export interface Prepared {
  readonly kept: readonly Kept[];
  /** Has the workers take it up; those that can't are replaced by others, which begin with it. Never rejects. */
  commit(): Promise<readonly Ready[]>;
  discard(): Promise<void>;
}

interface ReshapingOptions {
  readonly workers: readonly Worker[];
  /** The addresses as configured until now. */
  readonly before: PerListener<string>;
  readonly shared: boolean;
  readonly log: Log;
}

/** Opens the listeners that were not there. Throws PORT_IN_USE, or WORKER_DIED; then nothing is changed anywhere. */
export async function prepare(shape: Shape, options: ReshapingOptions): Promise<Prepared> {
  const { workers, before, shared } = options;
  const { listen, edge, credentials, limits } = shape;
  const { kept, added } = compared(before, listen);
  await assertFree(added);
  const ready: Ready[] = [];
  const discard = async () => {
    await Promise.allSettled(ready.map(({ thread }) => thread.ask('discard', {})));
  };
  let at = mapEdge(added, (address): ListenAt => ({ kind: 'address', address, shared }));
  try {
    for (const { thread, state } of workers) {
      // Whoever is about to serve begins with what is in force then.
      if (!thread || state !== 'serving') continue;
      const bound = await thread.ask('prepare', { at, edge, credentials });
      ready.push({ thread, bound });
      // Where any port will do, all are bound to that of the first.
      at = mapEdge(added, (address, name): ListenAt => {
        const real = withBoundPort(address, bound[name]?.address ?? address);
        return { kind: 'address', address: real, shared };
      });
    }
  } catch (thrown) {
    await discard();
    throw thrown;
  }
  return {
    kept,
    discard,
    async commit() {
      const taken = await Promise.all(
        ready.map(async (one) => {
          try {
            await one.thread.ask('commit', { kept, limits });
            return [one];
          } catch (thrown) {
            options.log.warn({ err: thrown }, 'a worker could not take up the configuration');
            void one.thread.terminate(asIsthmusError(thrown));
            return [];
          }
        }),
      );
      replaceOthers(workers, new Set(ready.map(({ thread }) => thread)));
      return taken.flat();
    },
  };
}

/** Ends threads that began meanwhile, with the configuration of before: others follow them. */
function replaceOthers(workers: readonly Worker[], ready: ReadonlySet<WorkerThread>): void {
  for (const { thread } of workers) {
    if (!thread || ready.has(thread)) continue;
    const what = 'It began with a configuration that is no longer in force';
    void thread.terminate(new IsthmusError('WORKER_DIED', { what }));
  }
}

/** A listener is the one that was there before at the same configured address, of whichever number. */
function compared(
  before: PerListener<string>,
  now: PerListener<string>,
): { readonly kept: readonly Kept[]; readonly added: PerEdgeListener<string> } {
  const left = new Map(edgeListenersOf(before));
  const kept: Kept[] = [];
  const added: [string, string][] = [];
  for (const [name, address] of edgeListenersOf(now)) {
    const { kind, index: to } = edgeNumber(name);
    const same = left
      .entries()
      .find(([old, at]) => at === address && edgeNumber(old).kind === kind);
    if (same) {
      left.delete(same[0]);
      kept.push({ kind, from: edgeNumber(same[0]).index, to });
    } else added.push([name, address]);
  }
  return { kept, added: Object.fromEntries(added) };
}

function mapEdge<T>(
  all: PerEdgeListener<string>,
  make: (address: string, name: keyof PerEdgeListener<string>) => T,
): PerEdgeListener<T> {
  const entries = Object.entries(all) as [keyof PerEdgeListener<string>, string][];
  return Object.fromEntries(entries.map(([name, address]) => [name, make(address, name)]));
}
