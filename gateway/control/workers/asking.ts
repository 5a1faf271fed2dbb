/** Owns asking all workers the same thing, as long as it takes no longer than somebody waits for it. */
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { RequestKind, Requests, Results } from '../../data/worker/protocol.ts';
import type { Worker } from './worker.ts';

/** A worker that does not answer within this has more to do than to explain itself. */
const askMs = 500;

/** Resolves to the answers of those that serve and answer in time; the log names the others. */
export async function askAll<K extends RequestKind>(
  workers: readonly Pick<Worker, 'thread' | 'state'>[],
  kind: K,
  request: Requests[K],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Results[K][]> {
  const answers = await Promise.all(
    workers.map(async ({ thread, state }): Promise<Results[K][]> => {
      if (!thread || state !== 'serving') return [];
      const answer = thread.ask(kind, request);
      let cancel = (): void => {};
      const late = new Promise<never>((_, reject) => {
        const what = `Worker ${thread.index} did not answer within ${askMs} ms`;
        cancel = clock.after(askMs, () => reject(new IsthmusError('TIMED_OUT', { what })));
      });
      try {
        return [await Promise.race([answer, late])];
      } catch (thrown) {
        log.warn({ err: thrown }, 'a worker was not asked');
        return [];
      } finally {
        cancel();
      }
    }),
  );
  return answers.flat();
}
