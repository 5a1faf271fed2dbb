/** Owns what a cluster believed, as one of its gateways had it: written down as it changes, and told of any moment that is kept. */
import { join } from 'node:path';
import { IsthmusError } from '../../../core/errors.ts';
import { KeptLines } from '../../../core/kept-lines.ts';
import type { Log } from '../../../core/log.ts';
import { type Difference, differences } from '../audit/differences.ts';
import type { GatewayConfig } from '../config/config.ts';
import { type HistoryLine, type Moment, type Past, pastAt } from './past.ts';
import { type RecordedParts, Recorder } from './recorder.ts';

const files = 8;
const dayMs = 24 * 3600_000;

interface HistoryParts extends RecordedParts {
  readonly config: Pick<GatewayConfig, 'dataDir' | 'history'>;
}

/** One fact that is other than it was. */
interface Changed {
  /** `service/orders.shop` */
  readonly name: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly changes: readonly Difference[];
}

export class History {
  readonly #lines: KeptLines;
  readonly #recorder: Recorder;

  private constructor(lines: KeptLines, recorder: Recorder) {
    this.#lines = lines;
    this.#recorder = recorder;
  }

  /** Begins to write `history.jsonl` in the data folder. Throws FILE_UNREADABLE. */
  static async open(gateway: HistoryParts, log: Log): Promise<History> {
    const { clock, config } = gateway;
    const { maxBytes, maxAgeDays } = config.history;
    const lines = await KeptLines.open({
      path: join(config.dataDir, 'history.jsonl'),
      name: 'history',
      ...{ maxBytes, files, maxAgeMs: maxAgeDays * dayMs, clock, log },
    });
    return new History(lines, new Recorder(gateway, lines, log));
  }

  /** What was believed then. Throws HISTORY_NOT_KEPT or FILE_UNREADABLE. */
  async at(moment: Moment): Promise<Past> {
    await this.#recorder.flush();
    const past = await pastAt(this.#lines.read<HistoryLine>(), moment);
    if ('facts' in past) return past;
    const { knownFrom } = past;
    const since = knownFrom === undefined ? undefined : new Date(knownFrom).toISOString();
    throw new IsthmusError('HISTORY_NOT_KEPT', {
      what: since === undefined ? 'Nothing is known so far' : `What is known begins at ${since}`,
    });
  }

  async close(): Promise<void> {
    await this.#recorder.close();
  }
}

/** Pure: the facts that differ, by name. */
export function changesBetween(before: Past['facts'], after: Past['facts']): Changed[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): Changed[] => {
    const [was, is] = [before.get(name), after.get(name)];
    const changes = differences(was, is);
    if (changes.length === 0) return [];
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    return [{ name, change, changes }];
  });
}
