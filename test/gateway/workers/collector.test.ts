/** Specifies who collects memory: every thread its own, with nobody's help. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const collector = new URL('../../../gateway/workers/collector.ts', import.meta.url).href;

/** Fills what is young several times over, and keeps enough of it to make helpers worth while. */
const litter = 'const kept = []; for (let i = 0; i < 3e6; i++) kept[i & 0xffff] = { i };';

const script = `
  const { collectAlone } = await import(${JSON.stringify(collector)});
  const { Worker } = await import('node:worker_threads');
  collectAlone();
  new Worker(${JSON.stringify(litter)}, { eval: true });
`;

test('a worker made after collectAlone: one thread works on a collection', async (t) => {
  const flags = ['--trace-gc', '--trace-parallel-scavenge', '--input-type=module', '--eval'];
  const { stdout } = await run(process.execPath, [...flags, script], { maxBuffer: 16 << 20 });
  const collectionsOf = new Map<string, number>();
  const tasksOf = new Map<string, number>();
  for (const line of stdout.split('\n')) {
    const isolate = /^\[\d+:(0x[0-9a-f]+)\]/.exec(line)?.[1];
    if (isolate === undefined) continue;
    const counts = line.includes('scavenge[') ? tasksOf : collectionsOf;
    if (counts === tasksOf || line.includes('Scavenge')) {
      counts.set(isolate, (counts.get(isolate) ?? 0) + 1);
    }
  }
  const [worker = ''] = [...collectionsOf].sort(([, a], [, b]) => b - a)[0] ?? [];
  const collections = collectionsOf.get(worker) ?? 0;
  t.true(collections > 3);
  // With helpers there are eight to each. One that has to be broken off is begun a second time.
  t.true((tasksOf.get(worker) ?? 0) < 2 * collections);
});
