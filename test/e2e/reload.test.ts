/** Specifies the configuration of a gateway that runs: read again on SIGHUP, taken up as a whole, refused as a whole. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { parse, stringify } from 'yaml';
import type { EndpointItem, EventItem, ExplainAnswer } from '../../gateway/control/api/answers.ts';
import { type Cluster, standalone } from '../support/federation.ts';
import { PemFolder } from '../support/pem-files.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { startTcpService } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;

test.before('a gateway with two workers runs', async () => {
  dc1 = await standalone(shared, 'dc1', { instances: 2, config: { workers: 2 } });
});

const taken = { msg: 'configuration taken up' };
const refused = { msg: 'configuration not taken up' };

/** Rewrites the file and sends SIGHUP; resolves once the log says what became of it. */
async function reload(change: (config: Record<string, unknown>) => void, outcome = taken) {
  const { gateway } = dc1;
  const config = parse(await readFile(gateway.configPath, 'utf8'));
  change(config);
  await reloadText(stringify(config), outcome);
}

async function reloadText(yaml: string, outcome: Record<string, string>): Promise<void> {
  const { gateway } = dc1;
  const before = gateway.logLines(outcome).length;
  await writeFile(gateway.configPath, yaml);
  process.kill((await gateway.status()).pid, 'SIGHUP');
  await until('the log to say what became of it', () => gateway.logLines(outcome).length > before);
}

/** The real ports of the listeners for clients from outside. */
async function listeners(): Promise<Readonly<Record<string, string>>> {
  return (await dc1.gateway.status()).listeners;
}

async function connected(t: { teardown(run: () => void): void }, address = ''): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function echoed(socket: Socket, word: string): Promise<string> {
  socket.write(word);
  const [answer] = await once(socket, 'data');
  return String(answer);
}

test.serial('endpoints, checks and services come, change and go', async (t) => {
  const { gateway } = dc1;
  await reload((config) => {
    const [orders] = config['services'] as Record<string, unknown>[];
    const [first, ...others] = (orders?.['endpoints'] ?? []) as Record<string, unknown>[];
    config['services'] = [
      { ...orders, endpoints: [{ ...first, weight: 7 }] },
      { name: 'stock', namespace: 'shop', endpoints: others },
    ];
  });
  const items = await gateway.items<EndpointItem>('/v1/endpoints');
  t.deepEqual(
    items.map(({ service, weight, source }) => [service, weight, source]),
    [
      ['orders.shop', 7, 'config'],
      ['stock.shop', 1, 'config'],
    ],
  );
  await until('the new service to be served', async () => {
    return (await gateway.request('stock.shop')).status === 200;
  });
  const { items: events } = await gateway.api.get<{ items: EventItem[] }>('/v1/events');
  t.true(events.some(({ what }) => what === 'The configuration was taken up: services changed'));
});

test.serial('timeouts and limits hold from then on, at every worker', async (t) => {
  const { gateway } = dc1;
  const post = () =>
    gateway.request('orders.shop', { method: 'POST', headers: { 'content-length': '9' } });
  await reload((config) => {
    config['limits'] = { maxBodyBytes: 5 };
  });
  for (let i = 0; i < 8; i++) t.is((await post()).status, 413);
  await reload((config) => {
    delete config['limits'];
  });
  const { body } = await gateway.request('orders.shop');
  t.regex(body, /^dc1\//);

  const silent = await startTcpService(t, () => undefined);
  await reload((config) => {
    config['timeouts'] = { request: '150ms' };
    (config['services'] as object[]).push({
      ...{ name: 'silent', namespace: 'shop' },
      endpoints: [{ id: 's-1', address: `127.0.0.1:${silent.port}` }],
    });
  });
  t.is((await gateway.request('silent.shop')).status, 504);
  // A busy machine may well take longer.
  await reload((config) => {
    delete config['timeouts'];
  });
});

test.serial(
  'a policy changes under load: every worker goes by the new one, no request fails, and one that is none changes nothing',
  async (t) => {
    const { gateway } = dc1;
    const good = await readFile(gateway.configPath, 'utf8');
    const load = new SteadyLoad(dc1);
    const govern = (balance: object, outcome = taken) =>
      reload((config) => {
        const [orders, stock] = parse(good)['services'] as Record<string, unknown>[];
        const endpoints = [orders, stock].flatMap((one) => one?.['endpoints'] as object[]);
        config['services'] = [{ ...orders, endpoints, balance }, stock];
      }, outcome);
    /** Which endpoints one user's requests meet, by connections of their own: each worker takes some. */
    const met = async () => {
      const headers = { 'x-user': 'ada' };
      const answers = await Promise.all(
        Array.from({ length: 24 }, () => gateway.request('orders.shop', { headers })),
      );
      return new Set(answers.map(({ body }) => body)).size;
    };
    const algorithm = async () => {
      const path = '/v1/explain/orders.shop';
      return (await gateway.api.get<ExplainAnswer>(path)).policy.algorithm;
    };
    await load.goesOn();
    await govern({ algorithm: 'round-robin' });
    await until('every endpoint to be met', async () => (await met()) > 1);
    t.is(await algorithm(), 'round-robin');
    await govern({ algorithm: 'maglev', hash: { header: 'X-User' } });
    await until('every worker to hash', async () => (await met()) === 1);
    t.is(await algorithm(), 'maglev');

    for (const [unusable, code, said] of [
      [{ algorithm: 'fastest' }, 'CONFIG_INVALID', /services\.0\.balance\.algorithm/],
      [{ algoritm: 'random' }, 'CONFIG_UNKNOWN_KEY', /"algoritm" in services\.0\.balance/],
      [{ overprovisioningFactor: 140 }, 'CONFIG_INVALID', /balance\.overprovisioningFactor/],
      [{ retry: 'often' }, 'CONFIG_INVALID', /services\.0\.balance\.retry/],
    ] as const) {
      await govern(unusable, refused);
      t.is(await met(), 1, 'what was in force still is');
      t.is(await algorithm(), 'maglev');
      const [problem] = await gateway.problems();
      t.is(problem?.code, code);
      t.regex(problem?.where ?? '', /gateway\.yaml:\d+:\d+$/);
      for (const verb of ['status', 'check']) {
        const { stdout } = await gateway.isthmus([verb]);
        t.regex(stdout, said, verb);
        t.true(stdout.includes(problem?.where ?? '?'), verb);
      }
    }
    await reloadText(good, taken);
    await load.goesOn();
    t.deepEqual(await load.stop(), []);
  },
);

test.serial(
  'listeners come and go, and no connection is dropped: not on those that stay, nor on one that goes',
  async (t) => {
    const [one, other] = [
      await startTcpService(t),
      await startTcpService(t, (socket) => void socket.end('other')),
    ];
    const service = (name: string, { port }: { port: number }) => ({
      ...{ name, namespace: 'shop', protocol: 'tcp' },
      endpoints: [{ id: `${name}-1`, address: `127.0.0.1:${port}` }],
    });
    await reload((config) => {
      (config['services'] as object[]).push(service('one', one), service('other', other));
      config['tcp'] = [
        { listen: '127.0.0.1:0', service: 'one.shop' },
        { listen: '127.0.0.2:0', service: 'one.shop' },
      ];
    });
    const first = await listeners();
    const [goes, stays] = [await connected(t, first['tcp.0']), await connected(t, first['tcp.1'])];
    t.deepEqual([await echoed(goes, 'a'), await echoed(stays, 'b')], ['a', 'b']);

    await reload((config) => {
      config['tcp'] = [
        { listen: '127.0.0.3:0', service: 'other.shop' },
        { listen: '127.0.0.2:0', service: 'other.shop' },
      ];
    });
    const second = await listeners();
    t.is(second['tcp.1'], first['tcp.1'], 'it is the same listener');
    t.deepEqual([await echoed(goes, 'c'), await echoed(stays, 'd')], ['c', 'd']);
    for (const address of [second['tcp.0'], second['tcp.1']]) {
      for (let i = 0; i < 4; i++) {
        const [answer] = await once(await connected(t, address), 'data');
        t.is(String(answer), 'other', 'new connections lead where the configuration says now');
      }
    }
    await t.throwsAsync(connected(t, first['tcp.0']), { message: /ECONNREFUSED/ });
    t.is(await echoed(goes, 'e'), 'e');
  },
);

test.serial(
  'an ingress comes with its certificates, and what it routes changes for connections that are there, too',
  async (t) => {
    const folder = new PemFolder(await tempDir(t));
    const { cert, key } = await folder.make('www', 'www.example');
    const { cert: cert2, key: key2 } = await folder.make('api', 'api.example');
    const ca = await readFile(await folder.ca(), 'utf8');
    const ingress = (service: string, more: object[] = []) => ({
      listen: '127.0.0.1:0',
      certificates: [{ cert, key }, ...more],
      routes: [{ host: 'www.example', service }],
    });
    await reload((config) => {
      config['ingress'] = [ingress('orders.shop')];
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, servername: 'www.example' });
    t.teardown(() => agent.destroy());
    const [host, port] = ((await listeners())['ingress.0'] ?? '').split(':');
    const ask = async (options: object = { agent }) => {
      const asked = request({ host, port, headers: { host: 'www.example' }, ...options });
      asked.end();
      const [answer] = await once(asked, 'response');
      return { body: await text(answer), reused: asked.reusedSocket };
    };
    t.deepEqual(await ask(), { body: 'dc1/orders-1', reused: false });
    await reload((config) => {
      config['ingress'] = [ingress('stock.shop', [{ cert: cert2, key: key2 }])];
    });
    t.deepEqual(await ask(), { body: 'dc1/orders-2', reused: true });
    const fresh = { agent: false, ca, servername: 'api.example', headers: { host: 'api.example' } };
    t.regex((await ask(fresh)).body, /ROUTE_NOT_FOUND/, 'the new certificate is in use');
    await reload((config) => {
      delete config['ingress'];
    });
    await t.throwsAsync(ask({ ...fresh, agent: false }), { message: /ECONNREFUSED/ });
  },
);

for (const [what, change, code, where, why] of [
  [
    'a value that is none',
    'timeouts: { request: soon }',
    'CONFIG_INVALID',
    /gateway\.yaml:\d+:\d+$/,
    /timeouts\.request/,
  ],
  ['an unknown key', 'timeoutz: {}', 'CONFIG_UNKNOWN_KEY', /gateway\.yaml:\d+:\d+$/, /timeoutz/],
  ['what is no YAML', '{', 'CONFIG_SYNTAX', /gateway\.yaml:\d+:\d+$/, /./],
  [
    'another data folder',
    'data: ./elsewhere',
    'CONFIG_NEEDS_RESTART',
    /gateway\.yaml:\d+:1$/,
    /^.*: data changed, which takes a restart$/,
  ],
  [
    'another cluster',
    'cluster: dc2',
    'CONFIG_NEEDS_RESTART',
    /gateway\.yaml:\d+:1$/,
    /cluster changed/,
  ],
  [
    'a certificate that is not there',
    'ingress: [{ listen: "127.0.0.1:0", certificates: [{ cert: no.pem, key: no.key }] }]',
    'FILE_UNREADABLE',
    /ingress\.0\.certificates\.0/,
    /no\.pem/,
  ],
  [
    'an address that cannot be bound',
    'tcp: [{ listen: "192.0.2.1:9", service: orders.shop }]',
    'INTERNAL',
    /tcp\.0\.listen/,
    /192\.0\.2\.1/,
  ],
] as const) {
  test.serial(
    `a file with ${what} is refused as a whole, and said so until it is mended`,
    async (t) => {
      const { gateway } = dc1;
      const good = await readFile(gateway.configPath, 'utf8');
      const { [change.split(':')[0] ?? '']: _, ...rest } = parse(good);
      const without = stringify({ ...rest, services: [] });
      const listened = await listeners();
      await reloadText(`${without}${change}\n`, refused);
      const [problem] = await gateway.problems();
      t.is(problem?.code, code);
      t.regex(problem?.where ?? '', where);
      t.regex(problem?.what ?? '', why);
      t.deepEqual(await listeners(), listened);
      t.is(
        (await gateway.request('orders.shop')).status,
        200,
        'what was left out is there all the same',
      );
      const ended = await gateway.isthmus(['status']);
      t.is(ended.code, 3);
      t.regex(ended.stdout, new RegExp(code));
      await reloadText(good, taken);
      t.deepEqual(await gateway.problems(), []);
    },
  );
}
