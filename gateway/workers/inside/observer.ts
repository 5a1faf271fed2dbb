/** Owns looking at a worker's requests: what is seen goes into one batch with that of all others. */
import { systemClock } from '../../../core/clock.ts';
import { Observer } from '../../proxy/observer.ts';
import { accessLog } from '../../trace/access-line.ts';
import type { ObservedBatch } from '../../trace/observed.ts';
import type { WorkerOptions } from '../protocol.ts';

/** Undefined where nothing is to be looked at, so that requests pay nothing for it. */
export function observerOf(worker: WorkerOptions, batch: ObservedBatch): Observer | undefined {
  const { cluster, gatewayId, index, observes } = worker;
  if (observes.logged === 0 && observes.traced === undefined) return undefined;
  const fields = { node: `${cluster}/${gatewayId}`, worker: String(index) };
  return new Observer({
    ...observes,
    cluster,
    told: {
      spans: (spans) => batch.addSpans(spans),
      exemplar: (exemplar) => batch.addExemplar(exemplar),
      access: accessLog(fields, (line) => batch.addLine(line)),
    },
    clock: systemClock,
    random: Math.random,
  });
}
