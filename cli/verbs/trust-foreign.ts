/** Owns `isthmus trust foreign`: how the bundles of trust domains outside of the federation stand. */
import type { ForeignTrustItem, Items } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { type Column, renderTable } from '../table.ts';
import { printable } from '../terminal.ts';
import { noHeaders, type Verb } from '../verb.ts';
import { moment, span } from '../words.ts';

const stateColors = { current: 'green', failing: 'yellow', unknown: 'red' } as const;

const columns: readonly Column<ForeignTrustItem>[] = [
  { title: 'TRUST DOMAIN', cell: ({ trustDomain }) => trustDomain },
  { title: 'BUNDLE', cell: ({ state }) => state, color: ({ state }) => stateColors[state] },
  { title: 'SEQUENCE', cell: ({ sequence }) => sequence ?? 'unknown', align: 'right' },
  { title: 'ROOTS', cell: ({ roots }) => roots.length, align: 'right' },
  { title: 'FETCHED', cell: ({ fetchedAt }) => ago(fetchedAt) },
  { title: 'REFRESH HINT', cell: ({ refreshHint }) => hint(refreshHint), wide: true },
  { title: 'NEXT LOOK', cell: ({ nextAt }) => nextAt && moment(nextAt), wide: true },
  { title: 'ENDPOINT', cell: ({ url, profile }) => `${url} (${profile})`, wide: true },
  { title: 'LAST ROOT ENDS', cell: ({ roots }) => left(roots.map(({ notAfter }) => notAfter)) },
  { title: 'PROBLEM', cell: ({ problem }) => problem?.what, overlong: 'continued' },
];

export function foreignVerb(trust: Verb, cli: Cli): void {
  trust
    .command('foreign')
    .description(
      'Show the bundles of trust domains outside of the federation: which are believed, since when, and until when.',
    )
    .examples(['isthmus trust foreign', 'those of `trust.foreign` in the configuration'])
    .addOption(noHeaders())
    .action(async ({ headers }: { readonly headers: boolean }) => {
      const admin = await cli.admin();
      const { items } = await admin.get<Items<ForeignTrustItem>>('/v1/trust/foreign');
      cli.print({ items }, (view) =>
        items.length === 0 ? '' : renderTable(columns, items, { ...view, headers }),
      );
      if (items.length === 0) cli.note('No trust domain outside of the federation is believed.');
      for (const { trustDomain, problem } of items) {
        if (problem) cli.note(printable(`${trustDomain}: ${problem.fix}`));
      }
      if (items.some(({ state }) => state !== 'current')) cli.exitCode = exitCodes.degraded;
    });
}

function hint(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : span(seconds * 1000);
}

function ago(at: number | undefined): string {
  return at === undefined ? 'never' : `${span(Math.max(0, Date.now() - at))} ago`;
}

function left(ends: readonly number[]): string | undefined {
  if (ends.length === 0) return undefined;
  const ms = Math.max(...ends) - Date.now();
  return ms < 0 ? 'expired' : `in ${span(ms)}`;
}
