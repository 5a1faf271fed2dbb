/** Owns `isthmus simulate`: the loads that tiers of given health would get, by the formula the data path uses. */
import { type TierLoad, tierLoads } from '../../gateway/data/balance/tier-load.ts';
import type { Cli } from '../cli.ts';
import { parseScenario } from '../scenario.ts';
import { type Column, renderTable } from '../table.ts';
import type { Verb } from '../verb.ts';
import { percent } from '../words.ts';
import { readText } from '../written.ts';

type TierRow = TierLoad & { readonly name: string };

export function simulateVerb(program: Verb, cli: Cli): void {
  program
    .command('simulate')
    .description('Show the loads that tiers of given health would get. Needs no gateway.')
    .requiredOption('-f, --file <file>', 'The scenario, as YAML or JSON; - is standard input.')
    .examples(
      ['isthmus simulate -f scenario.yaml', 'tiers: [{name: near, healthy: 3, total: 5}, ...]'],
      ['generate | isthmus simulate -f - -o json', 'for a script'],
    )
    .action(async ({ file }: { file: string }) => {
      const { tiers, policy } = parseScenario(await readText(cli, file));
      const loads = tierLoads(tiers, policy);
      const rows = loads.map((load, i): TierRow => ({ name: tiers[i]?.name ?? '', ...load }));
      cli.print({ tiers: rows }, (view) => renderTable(columns, rows, view));
    });
}

const columns: readonly Column<TierRow>[] = [
  { title: 'TIER', cell: (t) => t.name },
  { title: 'HEALTHY LOAD', cell: (t) => percent(t.healthyLoad), align: 'right' },
  { title: 'DEGRADED LOAD', cell: (t) => percent(t.degradedLoad), align: 'right' },
  {
    title: 'PANIC',
    cell: (t) => (t.panic ? 'yes' : 'no'),
    color: (t) => (t.panic ? 'red' : undefined),
  },
];
