/** Owns that a worker has run its own code before it listens: its first requests would else wait for what is compiled only then. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { readingHere } from '../socket/accept.ts';
import { MadeUpFederation } from './made-up-federation.ts';
import type { WorkerOptions } from './protocol.ts';

interface WarmUpOptions {
  readonly worker: WorkerOptions;
  readonly identity: LeafIdentity;
  readonly clock: Clock;
  readonly log: Log;
}

/** Most time for it over its budget of CPU time: where others have the cores it would take much longer. */
const patience = 3;
/** As many rounds in a row that are no faster than the fastest before, and the rest of the budget would bring little. */
const enough = 3;

/**
 * Drives requests made up for that through all this worker is made of, in rounds, as long as they get faster and `warmUpMs` of CPU
 * time are not spent. Resolves after at most three times that. Never rejects: who could not be warmed up serves all the
 * same, and the log says why.
 */
export async function warmUp(options: WarmUpOptions): Promise<void> {
  const { worker, clock, log } = options;
  if (worker.warmUpMs === 0) return;
  const used = cpuMeter();
  const late = Promise.withResolvers<void>();
  let isLate = false;
  const cancel = clock.after(patience * worker.warmUpMs, () => {
    isLate = true;
    late.resolve();
  });
  const driven = drive(options, used, () => isLate).then(
    (rounds) => log.debug({ rounds, cpuMs: Math.round(used()) }, 'warmed up'),
    (thrown: unknown) => log.warn({ err: thrown }, 'not warmed up: the first requests take longer'),
  );
  await Promise.race([driven, late.promise]);
  cancel();
}

/** Resolves to the rounds it took. */
async function drive(
  { worker, identity, clock, log }: WarmUpOptions,
  used: () => number,
  isLate: () => boolean,
): Promise<number> {
  // Asked here, with a log: what is found out is told once, and not to the silent log of what is made up.
  const reading = await readingHere(log);
  const federation = await MadeUpFederation.open(worker, identity, clock, reading);
  let rounds = 0;
  try {
    for (let fastest = Infinity, slower = 0; slower < enough; rounds++) {
      const began = used();
      if (began >= worker.warmUpMs || isLate()) break;
      await federation.round();
      const took = used() - began;
      slower = took < fastest ? 0 : slower + 1;
      fastest = Math.min(fastest, took);
    }
    return rounds;
  } finally {
    await federation.close();
  }
}

/** What it returns tells the CPU time of this thread since, in milliseconds. */
function cpuMeter(): () => number {
  const before = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
}
