/** Specifies what keeps a gateway from starting, and what doesn't. */
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import type { ExportItem } from '../../gateway/control/api/answers.ts';
import { bin, cleanEnv, ended, isthmus, start } from '../cli/command.ts';
import { inProcess } from '../cli/in-process.ts';
import { closedPort } from '../gateway/data/request/scene.ts';
import { adminRequest } from '../support/admin-request.ts';
import { Cluster, checksOut, servedBy } from '../support/federation.ts';
import { type Answer, GatewayProcess } from '../support/gateway-process.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const badInput = 65;
const failed = 1;

/** Starts a gateway that can not start; resolves to how it ended and what it said. */
async function fails(gateway: GatewayProcess): Promise<{ code: number | null; said: string }> {
  const child = gateway.spawn();
  const said = child.stderr ? text(child.stderr) : '';
  const [code] = await once(child, 'exit');
  return { code, said: await said };
}

/** A port somebody else listens on. */
async function takenPort(t: ExecutionContext): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a port');
  return `127.0.0.1:${address.port}`;
}

for (const listener of ['outbound', 'eastWest', 'federation', 'admin']) {
  test.serial(`a port that is taken is named with its listener: ${listener}`, async (t) => {
    const taken = await takenPort(t);
    const free = '127.0.0.1:0';
    const listen = { outbound: free, eastWest: free, federation: free, admin: free };
    const gateway = await GatewayProcess.prepare(t, await tempDir(t), {
      cluster: 'dc1',
      listen: { ...listen, [listener]: taken },
    });
    const { code, said } = await fails(gateway);
    t.is(code, failed);
    t.regex(said, new RegExp(`^error PORT_IN_USE: .*listen\\.${listener} ${taken}`, 'm'));
  });
}

test.serial('a port that is taken is named with its listener: the embedded registry', async (t) => {
  const taken = await takenPort(t);
  const gateway = await GatewayProcess.prepare(t, await tempDir(t), {
    cluster: 'dc1',
    registry: { embedded: { listen: taken } },
  });
  const { code, said } = await fails(gateway);
  t.is(code, failed);
  t.regex(said, new RegExp(`^error PORT_IN_USE: .*registry\\.embedded\\.listen ${taken}`, 'm'));
});

/** What a gateway says of itself in no federation, and of a service that it does not know. */
async function seen(gateway: GatewayProcess) {
  const { status: ready } = await adminRequest(gateway, '/readyz');
  const { status, body } = await gateway.request('orders.shop');
  const codes = (await gateway.problems()).map(({ code }) => code);
  return { ready, status, code: JSON.parse(body).code, codes };
}

test.serial(
  'standalone: false: in no federation a gateway is not ready, says so, and has no 404 for what it does not know',
  async (t) => {
    const gateway = await GatewayProcess.prepare(t, await tempDir(t), {
      cluster: 'dc1',
      standalone: false,
    });
    await gateway.start('unjoined');
    const alone = { ready: 503, status: 503, code: 'NOT_READY', codes: ['NOT_A_MEMBER'] };
    t.deepEqual(await seen(gateway), alone);
    proves(t, 'standalone');
  },
);

test.serial(
  'of one gateway: ready in no federation, its admin socket kept from a second, and its key from others',
  async (t) => {
    const dir = await tempDir(t);
    const gateway = await GatewayProcess.prepare(t, dir, { cluster: 'dc1' });
    await gateway.start();
    t.deepEqual(await seen(gateway), {
      ready: 200,
      status: 404,
      code: 'ROUTE_NOT_FOUND',
      codes: [],
    });

    // A second one on the same socket is refused, and the first goes on.
    const second = await GatewayProcess.prepare(t, dir, { cluster: 'dc1', data: './data-2' });
    const refused = await fails(second);
    t.is(refused.code, failed);
    t.regex(refused.said, /^error PORT_IN_USE: .*listen\.admin/m);
    t.is((await gateway.status()).state, 'ready');

    // A key that others can read is not used.
    await gateway.configure({ cluster: 'dc1' });
    await gateway.stop();
    const key = join(gateway.dataDir, 'ca', 'ca.key');
    await chmod(key, 0o644);
    const readable = await fails(gateway);
    t.is(readable.code, badInput);
    t.regex(readable.said, /^error KEY_UNREADABLE: .*mode 644/m);
    t.true(readable.said.includes(key));
    t.true(readable.said.includes(`chmod 600 ${key}`));

    // One that is none is told from one that is missing, and never replaced.
    await writeFile(key, 'not a key');
    await chmod(key, 0o600);
    const none = await fails(gateway);
    t.is(none.code, badInput);
    t.regex(none.said, /^error KEY_UNREADABLE: /m);
    t.is(await readFile(key, 'utf8'), 'not a key');
  },
);

const faults = [
  ['YAML that does not parse', 'cluster: dc1\nlisten: { outbound: [\n', 'CONFIG_SYNTAX', '3:1'],
  ['a key that is unknown', 'cluster: dc1\nfederatoin: acme\n', 'CONFIG_UNKNOWN_KEY', '2:1'],
  [
    'a value that is wrong',
    'cluster: dc1\nfederation: acme\nregion: us\nlisten:\n  outbound: nowhere\n',
    'CONFIG_INVALID',
    '5:3',
  ],
] as const;

for (const [what, yaml, error, place] of faults) {
  test.serial(`${what} is placed by file, line and column`, async (t) => {
    const path = join(await tempDir(t), 'gateway.yaml');
    await writeFile(path, yaml);
    const started = await isthmus(['gateway', '-c', path]);
    t.is(started.code, badInput);
    const checked = await inProcess(['check', '-c', path], cleanEnv());
    t.is(checked.code, failed);
    for (const { stdout, stderr } of [started, checked]) {
      t.true(`${stdout}${stderr}`.includes(`${error}: `), stdout + stderr);
      t.true(`${stdout}${stderr}`.includes(`${path}:${place}`), stdout + stderr);
    }
  });
}

test.serial('a configuration that is not there is FILE_UNREADABLE', async (t) => {
  const { code, stderr } = await isthmus(['gateway', '-c', '/nonexistent/gateway.yaml']);
  t.is(code, badInput);
  t.regex(stderr, /^error FILE_UNREADABLE: .*\/nonexistent\/gateway\.yaml/m);
});

test.serial('security: Node.js flags that let ambiguous HTTP through are refused', async (t) => {
  const args = [bin, 'gateway', '-c', '/nonexistent/gateway.yaml'];
  const given = await ended(start(process.execPath, ['--insecure-http-parser', ...args]));
  const inherited = await ended(
    start(process.execPath, args, {
      env: cleanEnv({ NODE_OPTIONS: '--max-http-header-size=65536' }),
    }),
  );
  for (const { code, stderr } of [given, inherited]) {
    t.is(code, failed);
    t.regex(stderr, /^error NODE_UNSUPPORTED: /m);
  }
});

const scope = sharedScope(test);
/** Hosts the registry. */
let dc1: Cluster;
let dc2: Cluster;

test.before('no gateway runs yet', async () => {
  const dir = await tempDir(scope);
  const registry = { embedded: { listen: '127.0.0.1:0' } };
  const outbound = `127.0.0.1:${await closedPort()}`;
  dc1 = await Cluster.prepare(scope, dir, 'dc1', { registry });
  dc2 = await Cluster.prepare(scope, dir, 'dc2', {
    instances: 0,
    config: { listen: { outbound } },
  });
});

test.serial(
  'what a killed gateway leaves behind does not keep the next from starting',
  async (t) => {
    // Killed at any time: also before it was ready.
    const child = dc1.gateway.spawn();
    await once(child, 'spawn');
    await dc1.gateway.kill();
    for (let again = 0; again < 3; again++) {
      await dc1.gateway.start();
      await dc1.gateway.kill();
    }
    await dc1.start();
    await t.notThrowsAsync(checksOut(dc1));
  },
);

test.serial(
  'a crash right after joining: it starts without the registry and reaches the others',
  async (t) => {
    await dc2.start();
    await until('dc1 to offer its service', async () => {
      return (await dc1.gateway.items<ExportItem>('/v1/exports')).length > 0;
    });
    await dc2.join(dc1);
    await dc2.gateway.kill();
    dc1.lines.registry.cut();

    await dc2.start();
    const { registry: seen } = await dc2.gateway.status();
    t.true(seen.fromCache);
    await servedBy(dc2, dc1);
    dc1.lines.registry.restore();
    await until('dc2 to be in step', async () => {
      const { registry: now } = await dc2.gateway.status();
      return now.kind === 'connected' && !now.fromCache && !now.stale;
    });
  },
);

/** The first answer of a gateway that starts, asked as soon as it lets anybody in. */
async function firstAnswer(gateway: GatewayProcess): Promise<Answer> {
  return until('the gateway to take a request', async () => {
    try {
      return await gateway.request('orders.shop');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
      throw thrown;
    }
  });
}

for (const [when, prepare] of [
  ['', () => {}],
  [' while the registry is down', () => dc1.lines.registry.hold()],
] as const) {
  test.serial(
    `a gateway that is killed and started again${when} serves from its first request on`,
    async (t) => {
      await servedBy(dc2, dc1);
      await dc2.gateway.kill();
      prepare();
      dc2.gateway.spawn();
      const { status, cluster } = await firstAnswer(dc2.gateway);
      t.deepEqual({ status, cluster }, { status: 200, cluster: 'dc1' });
    },
  );
}
