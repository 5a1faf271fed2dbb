/** Owns when the history is compacted by itself: it keeps a number of revisions and a span of time, whichever reaches further back. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Mvcc } from './mvcc.ts';

export interface AutoCompact {
  /** Revisions kept at least; default 10,000. */
  readonly keepRevisions?: number;
  /** Milliseconds of history kept at least, so that a watcher can come back after a short outage without listing; default 5 min. */
  readonly keepMs?: number;
}

/** How often to look, as a share of the time kept. */
const looksPerSpan = 10;

/** Starts compacting; returns a function that stops it. */
export function startCompactor(
  mvcc: Mvcc,
  options: AutoCompact,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): () => void {
  const { keepRevisions = 10_000, keepMs = 300_000 } = options;
  const everyMs = keepMs / looksPerSpan;
  /** Revisions at past looks, oldest first. */
  const past: number[] = [];
  let cancel = (): void => {};

  function look(): void {
    past.push(mvcc.revision);
    if (past.length > looksPerSpan) {
      const target = Math.min(mvcc.revision - keepRevisions, past.shift() ?? 0);
      if (target > mvcc.compacted) compact(target);
    }
    cancel = clock.after(everyMs, look);
  }

  function compact(target: number): void {
    try {
      mvcc.compact(target);
    } catch (thrown) {
      log.error({ err: thrown, target }, 'could not compact the registry; trying again later');
    }
  }

  cancel = clock.after(everyMs, look);
  return () => cancel();
}
