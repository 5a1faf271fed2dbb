/** Owns when a gateway that starts knows enough to take requests: everything, or as much as comes in time. */
import type { Clock } from '../../../core/clock.ts';
import { within } from '../../../core/within.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Workers } from '../workers/workers.ts';

interface KnowingOptions {
  /** Resolves when the registry has told everything; undefined in no federation. */
  readonly synced: Promise<unknown> | undefined;
  readonly catalog: Pick<Catalog, 'isChecked' | 'onChange'>;
  readonly workers: Pick<Workers, 'feed' | 'settled'>;
  /** A registry that is down, an endpoint that does not answer its check, a cluster that can't be reached: none is waited for longer. */
  readonly patienceMs: number;
  readonly clock: Clock;
}

/** Resolves when the registry was heard, every endpoint checked and every link tried. */
export async function everythingKnown(options: KnowingOptions): Promise<void> {
  const { synced, catalog, workers, patienceMs, clock } = options;
  await Promise.all([
    within(
      clock,
      patienceMs,
      Promise.resolve(synced).then(() => undefined),
    ),
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
