/** Specifies that a command loads what it needs, and waits for nothing else. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { bin, cleanEnv } from './command.ts';

const run = promisify(execFile);
/** Writes every module that is loaded to standard error. */
const hook = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });
`)}`;

for (const args of [
  ['version'],
  ['-o', 'json', 'version'],
  ['get', 'clusters', '--help'],
  ['log-level', '--help'],
]) {
  test(`isthmus ${args.join(' ')} loads its own verb only, and no library that it has no use for`, async (t) => {
    const { stderr } = await run(process.execPath, ['--import', hook, bin, ...args], {
      // In the build there are no files to tell; it is split where the source loads something later.
      env: cleanEnv({ ISTHMUS_SOURCE: '1' }),
    });
    const loaded = stderr.split('\n');
    const verbs = loaded.filter((url) => url.includes('/cli/verbs/'));
    const own = args.find((arg) => /^[a-z-]{3,}$/.test(arg) && arg !== 'json') ?? '';
    t.true(verbs.length > 0);
    t.deepEqual(
      verbs.filter((url) => !url.includes(`/verbs/${own}`)),
      [],
    );
    const libraries = ['zod', 'yaml', 'pino', 'fastify', 'etcd3'];
    t.deepEqual(
      libraries.filter((name) => loaded.some((url) => url.includes(`/node_modules/${name}/`))),
      [],
    );
  });
}
