/** Specifies how memory is collected: every thread alone, nothing is old from the start, and what is young has room from the start. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const tuning = new URL('../../core/garbage-collection.ts', import.meta.url).href;

/** What a worker made after `tuneGarbageCollection` (`is`: true) or without it prints under `flags` of V8 when it runs `code`. */
async function printed(flags: readonly string[], code: string, is = true): Promise<string[]> {
  const script = `
    const { tuneGarbageCollection } = await import(${JSON.stringify(tuning)});
    const { Worker } = await import('node:worker_threads');
    if (${is}) tuneGarbageCollection();
    new Worker(${JSON.stringify(code)}, { eval: true });
  `;
  const how = [...flags, '--input-type=module', '--eval', script];
  const { stdout } = await run(process.execPath, how, { maxBuffer: 16 << 20 });
  return stdout.split('\n');
}

test('one thread works on a collection', async (t) => {
  // Fills what is young several times over, and keeps enough of it to make helpers worth while.
  const litter = 'const kept = []; for (let i = 0; i < 3e6; i++) kept[i & 0xffff] = { i };';
  const collectionsOf = new Map<string, number>();
  const tasksOf = new Map<string, number>();
  for (const line of await printed(['--trace-gc', '--trace-parallel-scavenge'], litter)) {
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

test('what lived on once is young all the same the next time', async (t) => {
  const hoard = `
    function make(i) { return [{ i }, [i], { a: i, b: [i] }]; }
    const kept = [];
    function fill() { kept.length = 0; for (let i = 0; i < 2e5; i++) kept.push(make(i)); }
    for (let n = 0; n < 15; n++) fill();
  `;
  // Compiled at once and collected often, so that V8 makes up its mind while it runs.
  const flags = [
    '--trace-pretenuring-statistics',
    '--no-concurrent-recompilation',
    '--max-semi-space-size=2',
  ];
  const madeOld = async (is: boolean) => {
    const lines = await printed(flags, hoard, is);
    return lines.filter((line) => line.includes('=> tenure')).length;
  };
  t.true((await madeOld(false)) > 0);
  t.is(await madeOld(true), 0);
});

test('there is room for 8 MiB of what is young from the start', async (t) => {
  const room = `
    const { getHeapSpaceStatistics } = await import('node:v8');
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    console.log(young.space_available_size + young.space_used_size);
  `;
  const roomMiB = async (is: boolean) => Number((await printed([], room, is))[0]) / 2 ** 20;
  t.true((await roomMiB(false)) < 2);
  const given = await roomMiB(true);
  t.true(given > 7 && given < 9, `${given}`);
});

test('what is left goes when that is asked for, and with it the room for it', async (t) => {
  const begin = `
    const { collectAll } = await import(${JSON.stringify(tuning)});
    const { getHeapStatistics } = await import('node:v8');
    const roomMiB = () => getHeapStatistics().total_physical_size / 2 ** 20;
    let loading = Array.from({ length: 2e5 }, (_, i) => ({ i }));
    loading = undefined;
    const before = roomMiB();
    collectAll();
    console.log(before - roomMiB());
  `;
  t.true(Number((await printed([], begin))[0]) > 8);
  // V8 may have been told nothing.
  t.true(Number((await printed([], begin, false))[0]) < 1);
});

test('code that only the start ran goes with what the start left, and is compiled again when it is called', async (t) => {
  const begin = (collect: string) => `
    const { ${collect} } = await import(${JSON.stringify(tuning)});
    const { getHeapCodeStatistics } = await import('node:v8');
    const start = new Function('let sum = 0;' + 'sum += 1; sum *= 2;'.repeat(5_000) + 'return sum;');
    start();
    const codeKiB = () => getHeapCodeStatistics().bytecode_and_metadata_size / 1024;
    const before = codeKiB();
    ${collect}();
    console.log(before - codeKiB());
    console.log(start());
  `;
  const [gone, again] = await printed([], begin('collectStart'));
  t.true(Number(gone) > 100, `${gone} KiB`);
  t.is(again, 'Infinity');
  const [goneAnyway] = await printed([], begin('collectAll'));
  t.true(Number(goneAnyway) < 100, `${goneAnyway} KiB`);
});
