/** Owns what the demo shows: a live panel on a terminal, plain lines elsewhere, and the table at the end. */
import { styleText } from 'node:util';
import type { Act } from './acts.ts';
import type { ActResult, Score } from './score.ts';
import type { Datacenter } from './stage.ts';

const barWidth = 40;
const panelEveryMs = 100;
const lineEveryMs = 1_000;
/** The bars show the answers of the last so many milliseconds. */
const windowMs = 1_000;

export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #live: boolean;
  #timer: NodeJS.Timeout | undefined;
  #panelHeight = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#live = out.isTTY === true;
  }

  say(line: string): void {
    this.#out.write(`${line}\n`);
  }

  /** Shows an act until `endAct`. */
  beginAct(
    act: Act,
    number: number,
    of: number,
    score: Score,
    places: readonly Datacenter[],
  ): void {
    this.say('');
    this.say(
      `${styleText('bold', `act ${number} of ${of}: ${act.name}`, { stream: this.#out })} - ${act.story}`,
    );
    const draw = () => {
      if (this.#live) this.#panel(score, places);
      else this.say(`  ${summary(score, places)}`);
    };
    this.#timer = setInterval(draw, this.#live ? panelEveryMs : lineEveryMs);
  }

  endAct(score: Score, places: readonly Datacenter[]): void {
    clearInterval(this.#timer);
    if (this.#live) this.#panel(score, places);
    this.#panelHeight = 0;
  }

  #panel(score: Score, places: readonly Datacenter[]): void {
    const failed = score.samples.filter(({ ok }) => !ok).length;
    const lines = places.map((dc) => {
      const share = score.shareOf(dc.name, windowMs);
      const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '·');
      const state = dc.gateway?.running ? ' up ' : 'dead';
      return `  ${dc.name} ${dc.region.padEnd(10)} ${String(dc.rttMs).padStart(3)} ms  ${state}  ${bar} ${percent(share)}`;
    });
    lines.push(`  requests ${score.samples.length}  failed ${failed}`);
    const up = this.#panelHeight > 0 ? `\x1b[${this.#panelHeight}A` : '';
    this.#out.write(up + lines.map((line) => `\x1b[2K${line}\n`).join(''));
    this.#panelHeight = lines.length;
  }
}

/** The closing table: a row per act. */
export function resultTable(results: readonly ActResult[]): string {
  const header = ['act', 'requests', 'failed', 'time to shift', 'slowest', 'served by'];
  const rows = results.map((result) => [
    result.name,
    String(result.requests),
    String(result.failed),
    result.shiftMs === 0 ? '-' : `${result.shiftMs} ms`,
    `${result.maxMs} ms`,
    Object.entries(result.servedBy)
      .sort(([, a], [, b]) => b - a)
      .map(([cluster, count]) => `${cluster} ${count}`)
      .join(', '),
  ]);
  const widths = header.map((_, i) =>
    Math.max(...[header, ...rows].map((row) => (row[i] ?? '').length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function summary(score: Score, places: readonly Datacenter[]): string {
  const shares = places.map((dc) => `${dc.name} ${percent(score.shareOf(dc.name, windowMs))}`);
  const failed = score.samples.filter(({ ok }) => !ok).length;
  return `${shares.join('  ')}  requests ${score.samples.length}  failed ${failed}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`.padStart(5);
}
