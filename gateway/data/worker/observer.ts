/** Owns making a worker's observer, whose observations of all requests go into one batch. */
import { systemClock } from '../../../core/clock.ts';
import { accessLog } from '../observe/access-line.ts';
import type { ObservedBatch } from '../observe/observed.ts';
import { Observer } from '../observe/observer.ts';
import type { SampledRequests } from '../observe/sampling/sampled-requests.ts';
import type { WorkerOptions } from './protocol.ts';

/** Undefined where no request is to be observed, so that requests pay nothing for it. */
export function observerOf(
  worker: WorkerOptions,
  batch: ObservedBatch,
  sampled?: SampledRequests,
): Observer | undefined {
  const { cluster, federation, gatewayId, index, observes } = worker;
  if (observes.logged === 0 && observes.traced === undefined && sampled === undefined) {
    return undefined;
  }
  const fields = { node: `${cluster}/${gatewayId}`, worker: String(index) };
  return new Observer({
    ...observes,
    cluster,
    federation,
    sampled,
    told: {
      spans: (spans) => batch.addSpans(spans),
      exemplar: (exemplar) => batch.addExemplar(exemplar),
      access: accessLog(fields, (line) => batch.addLine(line)),
    },
    clock: systemClock,
    random: Math.random,
  });
}
