/** Specifies the package: installed into an empty prefix it runs, on nothing but its own files and the Node.js it brings. */
import { isAscii } from 'node:buffer';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { pinnedPackage } from '../../bin/pinned-node.js';
import { freePorts } from '../../examples/demo/processes.ts';
import type { Status } from '../../gateway/control/api/answers.ts';
import { ended, start } from '../cli/command.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const scope = sharedScope(test);
let dir: string;
let installed: string;

/** Runs what was installed, with nothing of this repository on its path; `node` there is the machine's, if it has one. */
function isthmus(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return start(join(dir, 'bin', 'isthmus'), args, {
    env: { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE: '', ...env },
  });
}

async function isthmusOk(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await ended(isthmus(args, env));
  if (code !== 0) throw new Error(`isthmus ${args[0]} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

test.before('the package is packed and installed', async () => {
  dir = await tempDir(scope);
  // Scripts would build what is built, and the other Node.js are not for this platform.
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: root });
  const [tarball = ''] = (await readdir(dir)).filter((name) => name.endsWith('.tgz'));
  const where = ['--global', '--prefix', dir, '--offline', '--omit=optional', '--no-audit'];
  await run('npm', ['install', ...where, join(dir, tarball)], { cwd: dir });
  installed = join(dir, 'lib/node_modules/isthmus');
  // Where npm puts it when it has it at hand; it is too large to be fetched.
  const node = pinnedPackage ?? '';
  const place = join(installed, 'node_modules', node);
  await mkdir(join(installed, 'node_modules'), { recursive: true });
  if (!existsSync(place)) await symlink(await realpath(join(root, 'node_modules', node)), place);
});

test.serial('it is JavaScript only, and needs no package but a Node.js', async (t) => {
  const files = await readdir(installed, { recursive: true });
  t.deepEqual(
    files.filter((file) => /(?<!\.d)\.ts$/.test(file)),
    [],
  );
  t.true(files.includes('dist/program/licences.txt'));
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  t.is(manifest.dependencies, undefined);
});

test.serial('a thread brings no schemas along: what it is told was checked before', async (t) => {
  const folder = join(installed, 'dist/program');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.js'));
  const threads: string[] = [];
  for (const file of files) {
    if ((await readFile(join(folder, file), 'utf8')).includes('parentPort')) threads.push(file);
  }
  t.is(threads.length, 3);
  for (const file of threads) {
    const { sources } = JSON.parse(await readFile(join(folder, `${file}.map`), 'utf8'));
    t.deepEqual(
      sources.filter((source: string) => source.includes('/zod/')),
      [],
    );
  }
});

test.serial(
  'it is ASCII: V8 keeps a text with any other character in twice the memory',
  async (t) => {
    const folder = join(installed, 'dist/program');
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.js'))) {
      t.true(isAscii(await readFile(join(folder, file))), file);
    }
  },
);

test.serial('no thread loads fetch, which all but doubles what Node.js itself takes', async (t) => {
  const folder = join(installed, 'dist/program');
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.js'))) {
    t.notRegex(
      await readFile(join(folder, file), 'utf8'),
      /^import .* from "(node:)?http";/m,
      file,
    );
  }
});

test.serial('two clusters are made with it, and one joins the other', async (t) => {
  const federation = 'acme';
  const start = async (cluster: string, ...more: string[]) => {
    const home = join(dir, cluster);
    await mkdir(home);
    const region = ['--region', cluster, '--advertise', '127.0.0.1'];
    await isthmusOk([
      'init',
      '--cluster',
      cluster,
      '--federation',
      federation,
      ...region,
      '--dir',
      home,
      ...more,
    ]);
    const path = join(home, 'gateway.yaml');
    const ports = await freePorts(5);
    const text = [7080, 7443, 7444, 7001, 7379].reduce(
      (text, port, i) => text.replaceAll(`:${port}`, `:${ports[i]}`),
      await readFile(path, 'utf8'),
    );
    await writeFile(path, text);
    const child = isthmus(['gateway', '-c', path]);
    scope.teardown(() => child.kill('SIGKILL'));
    const admin = `http://127.0.0.1:${ports[3]}`;
    const state = more.length > 0 ? 'ready' : undefined;
    await until(
      `${cluster} answers`,
      async () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
        const answer = await fetch(`${admin}/v1/status`).catch(() => undefined);
        if (answer === undefined) return false;
        return state === undefined || ((await answer.json()) as Status).state === state;
      },
      60_000,
    );
    return { admin, pid: child.pid };
  };
  const [dc1, dc2] = await Promise.all([start('dc1', '--found'), start('dc2')]);
  const token = await isthmusOk(['token', 'create'], { ISTHMUS_ADMIN: dc1.admin });
  await isthmusOk(['join', '--yes'], { ISTHMUS_ADMIN: dc2.admin, ISTHMUS_TOKEN: token });
  await until('dc1 sees dc2', async () => {
    const clusters = await isthmusOk(['get', 'clusters', '-o', 'name'], {
      ISTHMUS_ADMIN: dc1.admin,
    });
    return clusters.includes('dc2');
  });
  const page = await fetch(dc1.admin);
  t.is(page.status, 200);
  t.regex(await page.text(), /<title>/);
  // The launcher has become the gateway.
  const command = await readFile(`/proc/${dc1.pid}/cmdline`, 'utf8');
  t.regex(command, new RegExp(`${pinnedPackage}/bin/node\0`));
});
