/** Owns when a successor knows enough to take requests: as much as its predecessor does, or all that can be had in time. */
import type { Clock } from '../../core/clock.ts';
import { within } from '../../core/within.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { WorkerPool } from '../workers/pool.ts';

export interface KnowingOptions {
  /** Resolves when the registry has told everything; undefined in no federation. */
  readonly synced: Promise<void> | undefined;
  readonly catalog: Pick<Catalog, 'isChecked' | 'onChange'>;
  readonly workers: Pick<WorkerPool, 'feed' | 'settled'>;
  readonly clock: Clock;
}

/** A registry that is down, an endpoint that does not answer its check, a peer that can't be reached: none is waited for longer. */
const patienceMs = 5_000;

/** Resolves when the registry was heard, every endpoint checked and every link tried. */
export async function everythingKnown(options: KnowingOptions): Promise<void> {
  const { synced, catalog, workers, clock } = options;
  await Promise.all([
    within(clock, patienceMs, synced ?? Promise.resolve()),
    within(clock, patienceMs, checked(catalog)),
  ]);
  workers.feed.flush();
  await workers.settled(patienceMs);
}

function checked(catalog: KnowingOptions['catalog']): Promise<void> {
  if (catalog.isChecked) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = catalog.onChange(() => {
      if (!catalog.isChecked) return;
      stop();
      resolve();
    });
  });
}
