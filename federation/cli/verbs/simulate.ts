/** Owns `isthmus simulate`: the loads that tiers of given health would get, by the formula the data path uses. */
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import { readFileIfAny } from '../../../core/files.ts';
import { parseYaml } from '../../../core/yaml-file.ts';
import { type Simulation, simulate } from '../../../gateway/balance/simulate.ts';
import type { Cli } from '../cli.ts';
import { type Column, renderTable } from '../table.ts';
import type { Verb } from '../verb.ts';
import { percent } from '../words.ts';

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
      const outcome = simulate(await readScenario(cli, file));
      cli.print(outcome, (view) => renderTable(columns, outcome.tiers, view));
    });
}

/** Reads YAML, of which JSON is a part. Throws BODY_INVALID at file:line:column, or FILE_UNREADABLE. */
async function readScenario(cli: Cli, file: string): Promise<unknown> {
  const text = file === '-' ? await readText(cli.io.stdin) : await readFileIfAny(file);
  if (text === undefined) {
    throw new IsthmusError('FILE_UNREADABLE', { what: 'There is no such file', where: file });
  }
  try {
    return parseYaml(z.unknown(), text, file === '-' ? 'stdin' : file);
  } catch (cause) {
    const where = cause instanceof IsthmusError ? cause.where : file;
    throw new IsthmusError('BODY_INVALID', {
      what: `The scenario is not YAML: ${messageOf(cause)}`,
      where,
      fix: 'Correct it at the named place.',
      cause,
    });
  }
}

type TierRow = Simulation['tiers'][number];

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
