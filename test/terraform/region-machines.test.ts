/**
 * Specifies what instances of the module region-aws run beside the gateway, before a real one: health for load balancers, secrets, admitting
 * other clusters, and ending in good order. AWS alone is played.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, readFile, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import ava from 'ava';
import { addresses4, extension, version2 } from '../gateway/data/wire/proxy-protocol/headers.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { run } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { type FakeAws, fakeAws } from './fake-aws.ts';
import { metadataService } from './metadata-service.ts';

const test = ava.serial;
const shared = sharedScope(ava);
const root = new URL('../../', import.meta.url).pathname;
const programs = join(root, 'terraform/modules/region-aws/files');

let dir: string;
let aws: FakeAws;
let gateway: GatewayProcess;
let health: number;
let metadata: string;
/** What the metadata service answers, by path; the rest is 404, as with AWS. */
const facts = new Map([['instance-id', 'i-0123456789abcdef0']]);

const arn = (secret: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${secret}`;

function environment(): Record<string, string> {
  return {
    PATH: `${aws.bin}:${process.env['PATH']}`,
    HOME: dir,
    ISTHMUS_METADATA: metadata,
    ISTHMUS_ADMIN: `unix:${gateway.adminSocket}`,
    ISTHMUS_TRIES: '2',
    ISTHMUS_PAUSE: '0.1',
    ISTHMUS_GROUP: 'isthmus-eu-west',
    ISTHMUS_HOOK: 'drain',
    ISTHMUS_REGION: 'eu-west-1',
    ISTHMUS_LINGER_SECONDS: '0',
    ISTHMUS_ADMITS: `dc1=${arn('dc1-token')} dc2=${arn('dc2-token')}`,
  };
}

function program(name: string, args: readonly string[] = [], input = '') {
  return run(join(programs, name), args, { env: environment(), input });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Puts a command on the path that notes its arguments. */
async function noting(command: string): Promise<string> {
  const notes = join(dir, `${command}.notes`);
  await writeFile(join(aws.bin, command), `#!/bin/bash\necho "$*" >>${notes}\n`);
  await chmod(join(aws.bin, command), 0o755);
  return notes;
}

ava.before('a gateway that founded a federation, and a machine around it', async () => {
  dir = await tempDir(shared);
  aws = await fakeAws(dir);
  await symlink(join(root, 'bin/isthmus'), join(aws.bin, 'isthmus'));
  const registry = { embedded: { listen: '127.0.0.1:0' } };
  gateway = await GatewayProcess.prepare(shared, join(dir, 'dc1'), { cluster: 'dc1', registry });
  await gateway.start();

  // The admin API of these tests is on a socket; that of an instance is on a port of loopback.
  const admin = createServer((socket) => {
    const there = connect(gateway.adminSocket);
    socket.pipe(there).pipe(socket);
    socket.on('error', () => there.destroy());
    there.on('error', () => socket.destroy());
  });
  const adminPort = await listen(admin);
  // As systemd does with Accept=yes: a process for each connection, which is its input and output.
  const activator = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    const env = { ...environment(), ISTHMUS_ADMIN: `http://127.0.0.1:${adminPort}` };
    const child = spawn(join(programs, 'health'), { stdio: [socket, socket, 'ignore'], env });
    child.on('exit', () => socket.destroy());
  });
  health = await listen(activator);
  metadata = await metadataService(shared, facts);
});

const ask = (path: string, method = 'GET') =>
  fetch(`http://127.0.0.1:${health}${path}`, { method });

test('a load balancer hears yes from a gateway that is ready, Prometheus its metrics, and nobody else anything', async (t) => {
  const ready = await ask('/readyz');
  t.is(ready.status, 200);
  t.is(await ready.text(), 'yes');
  const metrics = await ask('/metrics');
  t.is(metrics.status, 200);
  t.regex(await metrics.text(), /^isthmus_ready.* 1$/m);
  for (const path of ['/v1/status', '/readyz/../v1/status', '/readyz?x=http://elsewhere/', '/']) {
    t.is((await ask(path)).status, 404, path);
  }
  t.is((await ask('/readyz', 'POST')).status, 404);
});

test('a load balancer that speaks PROXY protocol asks for health behind a header, and is answered as others are', async (t) => {
  const local = { command: 0x20, family: 0 };
  const headers = [
    version2(Buffer.alloc(0), local),
    // As AWS sends it: addresses, and octets of its own, which hold whatever they hold.
    version2(Buffer.concat([addresses4, extension(0x04, Buffer.alloc(69, '\n\0 \r'))])),
  ];
  for (const header of headers) {
    t.regex(
      await said(header, 'GET /readyz HTTP/1.1\r\nHost: 10.0.1.77\r\n\r\n'),
      /^HTTP\/1.1 200 /,
    );
    t.regex(await said(header, 'GET /v1/status HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 404 /);
  }
  t.is(await said(Buffer.from('\r\n\r\nno such header\r\n'), '\r\n'), '');
});

/** What comes back of octets that are sent to the health port; nothing where it hangs up. */
async function said(...pieces: readonly (Buffer | string)[]): Promise<string> {
  const socket = connect(health, '127.0.0.1');
  for (const piece of pieces) socket.write(piece);
  return text(socket).catch(() => '');
}

test('it asks for metadata by a session, as IMDSv2 has it', async (t) => {
  const { stdout, code } = await program('metadata', ['instance-id']);
  t.deepEqual([code, stdout], [0, 'i-0123456789abcdef0']);
  t.not((await program('metadata', ['no-such-fact'])).code, 0);
});

test('a secret without a value is nothing to be found, and one that cannot be asked for is an error', async (t) => {
  const find = () => program('secret', ['find', arn('identity')]);
  t.deepEqual(await find(), { code: 0, stdout: '', stderr: '' });
  t.not((await program('secret', ['get', arn('identity')])).code, 0, 'it is waited for');

  await writeFile(join(aws.folder, 'unreachable'), '');
  t.not((await find()).code, 0, 'a cluster must not begin anew because AWS was out of reach');
  t.is((await run('rm', [join(aws.folder, 'unreachable')])).code, 0);

  t.is((await program('secret', ['put', arn('identity')], 'c2VjcmV0')).code, 0);
  t.is((await find()).stdout, 'c2VjcmV0');
  t.notRegex(await readFile(join(aws.folder, 'calls'), 'utf8'), /c2VjcmV0/, 'it was no argument');
});

test('one field of a secret makes a file', async (t) => {
  await writeFile(join(aws.folder, 'etcd'), JSON.stringify({ ca: 'CA', cert: 'CERT', key: 'KEY' }));
  t.is((await program('secret', ['get', arn('etcd'), 'cert'])).stdout, 'CERT\n');
  t.not((await program('secret', ['get', arn('etcd'), 'none'])).code, 0);
});

test('a cluster that is no member finds a token in its secret; who is a member finds none', async (t) => {
  const { code, stderr } = await program('admit');
  t.is(code, 0, stderr);
  const token = (await readFile(join(aws.folder, 'dc2-token'), 'utf8')).trim();
  t.true(token.length > 100);
  t.notRegex(stderr, new RegExp(token.slice(0, 40)));
  await t.throwsAsync(readFile(join(aws.folder, 'dc1-token')), { code: 'ENOENT' });
});

test('an instance that is to be terminated stops its gateway first, and tells the group then', async (t) => {
  const stopped = await noting('systemctl');
  const child: ChildProcess = spawn(join(programs, 'lifecycle'), {
    env: environment(),
    stdio: 'ignore',
    detached: true,
  });
  t.teardown(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  facts.set('autoscaling/target-lifecycle-state', 'InService');
  await t.throwsAsync(readFile(stopped), { code: 'ENOENT' });
  facts.set('autoscaling/target-lifecycle-state', 'Terminated');
  const call = await until('the group to hear of it', async () =>
    (await readFile(join(aws.folder, 'calls'), 'utf8'))
      .split('\n')
      .find((line) => line.startsWith('autoscaling')),
  );
  t.is(await readFile(stopped, 'utf8'), 'stop isthmus.service\n');
  t.regex(call, /--auto-scaling-group-name isthmus-eu-west .*--instance-id i-0123456789abcdef0/);
  t.regex(call, /--lifecycle-action-result CONTINUE/);
});

test('a load balancer hears no from a gateway that has ended', async (t) => {
  await gateway.stop();
  const gone = await ask('/readyz');
  t.is(gone.status, 503);
  t.is(await gone.text(), 'no');
});
