/** Owns `npm run test:faults`: which faults are played, on which ground, and how that ends. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { buildWhatIsMissing } from '../../build/missing.ts';
import { writeDocs } from './docs.ts';
import { whyNot } from './ground.ts';
import { notPlayed, type Played, play } from './play.ts';
import { lineOf, type Matrix, markdown } from './report.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { Stage } from './stage.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    list: { type: 'boolean' },
    'write-docs': { type: 'string' },
  },
});

if (values.list) {
  for (const { name, title } of rows) console.log(`${name.padEnd(28)} ${title}`);
} else if (values['write-docs'] !== undefined) {
  await writeDocs(values['write-docs']);
} else {
  const reason = whyNot();
  if (reason === undefined) await main(chosen(values.only));
  else console.log(`The faults are skipped: ${reason}`);
}

function chosen(names: readonly string[] | undefined): readonly Row[] {
  const unknown = names?.filter((name) => !rows.some((row) => row.name === name)) ?? [];
  if (unknown.length === 0) return rows.filter(({ name }) => names?.includes(name) ?? true);
  console.error(`There is no fault ${unknown.join(', ')}; --list shows those there are.`);
  process.exit(2);
}

async function main(wanted: readonly Row[]): Promise<void> {
  await buildWhatIsMissing();
  // Commands and gateways are the build.
  process.env['ISTHMUS_SOURCE'] = '0';
  const stage = new Stage();
  const played: Played[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stage.clear(true).finally(() => process.exit(1)));
  }
  try {
    for (const row of wanted) {
      const scene = await stage.scene(row.registry ?? 'etcd');
      const one = await play(scene, row).catch((thrown) => notPlayed(row, thrown));
      played.push(one);
      console.log(lineOf(one));
      // What did not heal by itself would be in the way of the next.
      const isWhole = one.recoveredMs !== undefined;
      if (!isWhole || row.spoils) await stage.clear(isWhole);
    }
  } finally {
    await stage.clear(true);
  }
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`;
  const matrix: Matrix = { at: new Date().toISOString(), machine, rows: played };
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(matrix, null, 2));
  console.log(`\n${markdown(matrix)}\n`);
  const failed = played.filter(({ faults }) => faults.length > 0);
  console.log(`${played.length - failed.length} of ${played.length} faults survived.`);
  if (failed.length > 0) process.exitCode = 1;
}
