/** Owns what a history's lines come to at a moment: all that was believed then, or why that is not known. */

/** A line of a history. Each holds what had changed when it was written; from time to time, and at each start, they hold everything anew. */
export interface HistoryLine {
  /** Wall milliseconds. */
  readonly at: number;
  /** Revision of the registry that was known. */
  readonly revision: number;
  /** A process begins here: what was believed between the line before and this one is not known. */
  readonly start?: true;
  /** Everything follows, in this line and others, up to one that is `whole`. */
  readonly begin?: true;
  readonly whole?: true;
  /** By their names. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly gone?: readonly string[];
}

/** A moment, or the last one with that revision of the registry or an earlier one. */
export type Moment = { readonly at: number } | { readonly revision: number };

export interface Past {
  /** When it was written down; changes are noted within seconds. */
  readonly at: number;
  readonly revision: number;
  readonly facts: ReadonlyMap<string, unknown>;
  /** Where the process ended before, or after, the moment: when another began. The facts are as the one before left them. */
  readonly restartedAt?: number;
}

/** Where nothing reaches back so far: from when on it is known; undefined where nothing is. */
interface Unknown {
  readonly knownFrom: number | undefined;
}

/** Pure, but for reading the lines, oldest first. */
export async function pastAt(
  lines: AsyncIterable<HistoryLine> | Iterable<HistoryLine>,
  moment: Moment,
): Promise<Past | Unknown> {
  const facts = new Map<string, unknown>();
  /** While everything is told anew: what was told so far. */
  let told: Set<string> | undefined;
  let knownFrom: number | undefined;
  let last: HistoryLine | undefined;
  for await (const line of lines) {
    if (isAfter(line, moment)) {
      if (last === undefined) return { knownFrom: knownFrom ?? line.at };
      const restarted = line.start && 'at' in moment ? { restartedAt: line.at } : {};
      return { at: last.at, revision: last.revision, facts, ...restarted };
    }
    if (line.begin) told = new Set();
    for (const [name, fact] of Object.entries(line.set)) {
      facts.set(name, fact);
      told?.add(name);
    }
    for (const name of line.gone ?? []) facts.delete(name);
    if (line.whole && told) {
      for (const name of facts.keys()) if (!told.has(name)) facts.delete(name);
      told = undefined;
      knownFrom ??= line.at;
    }
    if (knownFrom !== undefined) last = line;
  }
  return last === undefined ? { knownFrom } : { at: last.at, revision: last.revision, facts };
}

function isAfter(line: HistoryLine, moment: Moment): boolean {
  return 'at' in moment ? line.at > moment.at : line.revision > moment.revision;
}
