/** Owns how it is told that the registry does not answer. */
import { IsthmusError } from '../../../core/errors.ts';
import { isOutage } from '../../../registry/etcd-errors.ts';
import type { StoreState } from '../../../registry/store.ts';

/** Undefined while it answers, and where it refuses: that is told by whom it refuses. */
export function outageOf(store: StoreState): IsthmusError | undefined {
  if (store.kind !== 'unavailable' || !isOutage(store.problem)) return undefined;
  const { problem } = store;
  return new IsthmusError('REGISTRY_UNAVAILABLE', {
    what: `The registry does not answer: ${problem.message}`,
    where: problem.where,
    // Advice on a call that took too long is not advice on a registry.
    fix: problem.code === 'REGISTRY_UNAVAILABLE' ? problem.fix : undefined,
    cause: problem,
  });
}
