/** Specifies the single file: without anything beside it, it is the command, a gateway with its threads and its UI, and what follows that. */
import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test from 'ava';
import { buildExecutable } from '../../packaging/executable.ts';
import { Cluster } from '../support/federation.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const isLinux = process.platform === 'linux';

(isLinux ? test : test.skip)('it serves, and is followed by another of itself', async (t) => {
  const dir = await tempDir(t);
  const executable = join(dir, 'isthmus');
  await buildExecutable(executable, process.execPath);
  const env = { PATH: '/nonexistent', HOME: dir };
  const { stdout } = await run(executable, ['version', '-o', 'json'], { cwd: dir, env });
  t.is(JSON.parse(stdout).node, process.versions.node);
  await t.throwsAsync(run(executable, ['gatway'], { env }), { message: /Did you mean gateway\?/ });

  const { gateway, instances } = await Cluster.prepare(t, dir, 'dc1', { config: { workers: 2 } });
  gateway.runBy(executable);
  await gateway.start();
  t.regex((await gateway.request('orders.shop')).body, /^dc1\//);
  const page = await new Promise<string>((resolve, reject) => {
    const socketPath = gateway.adminSocket;
    request({ socketPath, path: '/' }, (answer) => text(answer).then(resolve, reject))
      .on('error', reject)
      .end();
  });
  t.regex(page, /<title>/);
  t.is(await gateway.takeOver(), 0);
  t.is((await gateway.request('orders.shop')).status, 200);
  t.is(instances.length, 1);
});
