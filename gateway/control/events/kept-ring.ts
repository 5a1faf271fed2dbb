/** Owns keeping a ring on disk: a line for each item, the last of them taken up again at the next start. */
import { type KeepOptions, KeptLines } from '../../../core/kept-lines.ts';
import type { Ring, Stamp } from './ring.ts';

export class KeptRing {
  readonly lines: KeptLines;
  readonly #stop: () => void;

  private constructor(lines: KeptLines, stop: () => void) {
    this.lines = lines;
    this.#stop = stop;
  }

  /** Takes up the items on disk, and keeps those in the ring already and those that come. Throws FILE_UNREADABLE. */
  static async open<T extends object>(ring: Ring<T>, options: KeepOptions): Promise<KeptRing> {
    const lines = await KeptLines.open(options);
    const earlier = await lines.last<T & Stamp>(ring.limit);
    const since = [...ring.items];
    ring.restore(earlier);
    for (const item of since) void lines.append(item);
    return new KeptRing(
      lines,
      ring.onAdd((item) => void lines.append(item)),
    );
  }

  /** Resolves once everything so far is on disk, or the log says why not. */
  flush(): Promise<void> {
    return this.lines.flush();
  }

  /** Keeps nothing that comes later. */
  async close(): Promise<void> {
    this.#stop();
    await this.flush();
  }
}
