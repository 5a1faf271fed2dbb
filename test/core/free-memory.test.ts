/** Specifies that memory goes back to the system that is free in the midst of what is in use. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const module = new URL('../../core/free-memory.ts', import.meta.url).href;

/** MiB that a process gives back which has freed 64 MiB between pieces that it keeps, and what it printed as errors. */
async function givenBack(flags: readonly string[]): Promise<{ mib: number; stderr: string }> {
  const script = `
    const { giveFreeMemoryBack } = await import(${JSON.stringify(module)});
    const kept = [];
    for (let i = 0; i < 16_384; i++) {
      const piece = Buffer.allocUnsafeSlow(8192).fill(1);
      if (i % 2 === 0) kept.push(piece);
    }
    gc();
    const before = process.memoryUsage.rss();
    giveFreeMemoryBack();
    console.log((before - process.memoryUsage.rss()) / 2 ** 20);
  `;
  const how = ['--expose-gc', ...flags, '--input-type=module', '--eval', script];
  const { stdout, stderr } = await run(process.execPath, how);
  return { mib: Number(stdout), stderr };
}

test('pages that are free between pieces in use go back to the system, and nobody is warned', async (t) => {
  const { mib, stderr } = await givenBack([]);
  t.is(stderr, '');
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  // Another C library keeps what it likes.
  if (report.header.glibcVersionRuntime !== undefined) t.true(mib > 20, `${mib} MiB`);
});

test('a Node.js that calls nothing foreign keeps what is free', async (t) => {
  const { mib, stderr } = await givenBack(['--no-experimental-ffi']);
  t.is(stderr, '');
  t.true(mib < 5, `${mib} MiB`);
});
