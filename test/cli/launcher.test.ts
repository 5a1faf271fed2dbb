/** Specifies the launcher: a process that can't be told from the one it starts. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { isSupportedNode } from '../../bin/supported-node.js';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { bin, ended, isthmus, start } from './command.ts';

const pinnedNode = fileURLToPath(new URL('../../bin/pinned-node.js', import.meta.url));

/** A Node.js on this machine that is too old to run Isthmus itself. */
function oldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
      return !isSupportedNode(stdout.trim());
    });
}

/** Starts a launcher whose program is `body`; the program writes its process id to a file first. */
async function launch(t: ExecutionContext, body: string) {
  const dir = await tempDir(t);
  const pidFile = join(dir, 'pid');
  const program = join(dir, 'program.mjs');
  const launcher = join(dir, 'launcher.mjs');
  const pinned = JSON.stringify(pathToFileURL(pinnedNode).href);
  await writeFile(
    program,
    `import { writeFileSync } from 'node:fs';
     import { endWithLauncher } from ${pinned};
     endWithLauncher();
     ${body}
     writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`,
  );
  await writeFile(
    launcher,
    `import { runOn } from ${pinned};
     runOn(process.execPath, ${JSON.stringify(program)}, (error) => { throw error; });`,
  );
  const child = start(process.execPath, [launcher, 'a', 'b c']);
  const end = ended(child);
  const pid = async () =>
    Number(await until('the program runs', async () => readFile(pidFile, 'utf8')));
  return { child, end, pid };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('the exit code and the arguments pass through', async (t) => {
  const { end } = await launch(
    t,
    `console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 42;`,
  );
  const { code, stdout } = await end;
  t.is(code, 42);
  t.is(stdout, '["a","b c"]\n');
});

test('a program that a signal ends ends its launcher by the same signal', async (t) => {
  const { end, pid } = await launch(t, `setInterval(() => {}, 1000);`);
  process.kill(await pid(), 'SIGKILL');
  t.is((await end).signal, 'SIGKILL');
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} reaches the program, which may end as it likes`, async (t) => {
    const { child, end, pid } = await launch(
      t,
      `setInterval(() => {}, 1000);
       process.on('${signal}', () => { console.log('bye'); process.exit(7); });`,
    );
    await pid();
    child.kill(signal);
    const { code, stdout } = await end;
    t.is(code, 7);
    t.is(stdout, 'bye\n');
  });
}

test('a program does not outlive a killed launcher', async (t) => {
  const { child, end, pid } = await launch(t, `setInterval(() => {}, 1000);`);
  const program = await pid();
  child.kill('SIGKILL');
  await until('the program is gone', () => !isAlive(program));
  await end;
  t.pass();
});

for (const flag of ['--insecure-http-parser', '--max-http-header-size=65536']) {
  test(`a Node.js weakened by ${flag} is refused`, async (t) => {
    for (const run of [
      ended(start(process.execPath, [flag, bin, 'version'])),
      isthmus(['version'], { env: { NODE_OPTIONS: flag } }),
    ]) {
      const { code, stderr, stdout } = await run;
      t.is(code, 1);
      t.is(stdout, '');
      t.regex(stderr, /^error NODE_UNSUPPORTED: .*\n {2}fix: Remove it/);
    }
  });
}

test('a Node.js that is too old runs the command on the pinned one', async (t) => {
  const node = oldNode();
  if (node === undefined) return t.pass('every Node.js here is new enough');
  const { code, stdout } = await ended(start(node, [bin, 'version', '-o', 'json']));
  t.is(code, 0);
  t.true(isSupportedNode(JSON.parse(stdout).node));
});

test('a Node.js that is too old without the pinned one says what is needed and how to get it', async (t) => {
  const node = oldNode();
  if (node === undefined) return t.pass('every Node.js here is new enough');
  const dir = await tempDir(t);
  await cp(fileURLToPath(new URL('../../bin', import.meta.url)), join(dir, 'bin'), {
    recursive: true,
  });
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
  const { code, stderr } = await ended(start(node, [join(dir, 'bin', 'isthmus.js'), 'version']));
  t.is(code, 1);
  t.regex(
    stderr,
    /^error NODE_UNSUPPORTED: Isthmus needs Node\.js 26\.5\.1 or later and this is v/,
  );
  t.regex(stderr, /\n {2}fix: Run `npm ci`/);
});

test('what is compiled is kept within the installation, unless the environment says where', async (t) => {
  const kept = fileURLToPath(new URL('../../node_modules/.cache/isthmus', import.meta.url));
  const elsewhere = await tempDir(t);
  await rm(kept, { recursive: true, force: true });
  t.is((await isthmus(['version'], { env: { NODE_COMPILE_CACHE: elsewhere } })).code, 0);
  t.false(existsSync(kept));
  t.true((await readdir(elsewhere)).length > 0);
  t.is((await isthmus(['version'], { env: { NODE_COMPILE_CACHE: '' } })).code, 0);
  t.true((await readdir(kept)).length > 0);
});
