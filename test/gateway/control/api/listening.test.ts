/** Specifies where the admin API listens: on ports and sockets that it takes only when nobody has them, and leaves behind as they were. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { tempDir } from '../../../support/temp-dir.ts';
import { open } from './open.ts';

test('the port that 0 became is told', async (t) => {
  const { address } = await open(t);
  t.regex(address, /^127\.0\.0\.1:[1-9]\d*$/);
});

test('an address that is taken is PORT_IN_USE, and is named', async (t) => {
  const { address } = await open(t);
  const error = await t.throwsAsync(open(t, { listen: address }), {
    code: 'PORT_IN_USE',
  });
  t.like(error, { where: `listen.admin ${address}` });
});

test('after the end the port is free, also with a client connected', async (t) => {
  const first = await open(t);
  const idle = connect(Number(first.address.split(':').at(-1)), '127.0.0.1');
  await once(idle, 'connect');
  await first.server.close();
  const second = await open(t, { listen: first.address });
  t.is((await second.ask('/healthz')).status, 200);
});

for (const [what, octets, status, code] of [
  ['what is no HTTP', '\u0016\u0003\u0001\r\n\r\n', 400, 'REQUEST_REFUSED'],
  [
    'a head without end',
    `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(100_000)}`,
    431,
    'REQUEST_HEAD_TOO_LARGE',
  ],
] as const) {
  test(`${what} is refused by a problem document like everything else`, async (t) => {
    const { address } = await open(t);
    const client = connect(Number(address.split(':').at(-1)), '127.0.0.1');
    // The rest of what is sent meets a closed connection.
    client.on('error', () => {}).write(octets);
    const answer = await text(client);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    t.regex(
      head,
      new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\nContent-Type: application/problem\\+json`),
    );
    t.like(JSON.parse(body), { status, code });
  });
}

test('the API answers on a unix socket, whose file goes with it', async (t) => {
  const path = join(await tempDir(t), 'admin.sock');
  const { ask, address, server } = await open(t, { listen: `unix:${path}` });
  t.is(address, `unix:${path}`);
  t.is((await ask('/healthz')).status, 200);
  t.is((await ask('/healthz', { headers: { host: 'evil.example' } })).status, 403);
  await server.close();
  await t.throwsAsync(stat(path), { code: 'ENOENT' });
});

test('a socket file that a killed gateway left is replaced', async (t) => {
  const path = join(await tempDir(t), 'admin.sock');
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log())`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.true((await stat(path)).isSocket());
  const { ask } = await open(t, { listen: `unix:${path}` });
  t.is((await ask('/healthz')).status, 200);
});

test('a socket that somebody answers on is PORT_IN_USE, and goes on answering', async (t) => {
  const path = join(await tempDir(t), 'admin.sock');
  const { ask } = await open(t, { listen: `unix:${path}` });
  await t.throwsAsync(open(t, { listen: `unix:${path}` }), {
    code: 'PORT_IN_USE',
  });
  t.is((await ask('/healthz')).status, 200);
});

test('security: a file that is no socket is never removed to make room for one', async (t) => {
  const path = join(await tempDir(t), 'precious.txt');
  await writeFile(path, 'precious');
  await t.throwsAsync(open(t, { listen: `unix:${path}` }), {
    code: 'PORT_IN_USE',
  });
  t.is(await readFile(path, 'utf8'), 'precious');
});

test('a socket in a folder that is not there is CONFIG_INVALID', async (t) => {
  const path = join(await tempDir(t), 'none', 'admin.sock');
  await t.throwsAsync(open(t, { listen: `unix:${path}` }), {
    code: 'CONFIG_INVALID',
  });
});
