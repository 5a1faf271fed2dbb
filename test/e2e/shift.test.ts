/** Specifies `isthmus shift` at real clusters: a version that is well gets all, one that fails is left again; and what is left where it is stopped, cut off or overtaken. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as listen } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { PolicyItem } from '../../gateway/control/api/answers.ts';
import { bin, ended, start } from '../cli/command.ts';
import { isthmus } from '../cli/in-process.ts';
import { ask } from '../gateway/data/request/http.ts';
import { startOrigin } from '../gateway/data/request/scene.ts';
import type { Cluster } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
const path = '/v1/routes/shop/shift-orders';
let dc1: Cluster;

test.before('dc1 asks; dc2 has orders, a version that is well, and one that fails', async () => {
  const origins = [await startOrigin(shared, 'v1'), await startOrigin(shared, 'v2')];
  const well = await startOrigin(shared, 'well-1');
  const server = createServer((_, response) => void response.writeHead(500).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  ({ dc1 } = await twoClusters(
    shared,
    [
      {
        name: 'orders',
        addresses: ['v1', 'v2'],
        config: {
          endpoints: origins.map(({ port }, i) => ({
            ...{ id: `orders-${i + 1}`, address: `127.0.0.1:${port}` },
            labels: { version: `v${i + 1}` },
          })),
        },
      },
      { name: 'well', addresses: [`127.0.0.1:${well.port}`] },
      { name: 'bad', addresses: [`127.0.0.1:${port}`] },
    ],
    { workers: 1 },
  ));
});

test.serial('each share is held, and the Route stays once all requests go there', async (t) => {
  const line = ['shift', 'orders.shop', '--to', 'well', '--steps', '50,100', '--hold', '200ms'];
  const { code, stdout, stderr } = await dc1.gateway.isthmus(line);
  t.is(code, 0, stderr);
  t.regex(
    stderr,
    /^50 % of orders\.shop go to well\.shop\n100 % of orders\.shop go to well\.shop$/m,
  );
  t.regex(stdout, /^done: .*undo it by: isthmus delete Route shop\/shift-orders$/m);
  await until('well to answer', async () => (await ask(urlOf(dc1), host)).body.includes('well-1'));
  await dc1.gateway.isthmusOk(['delete', 'Route', 'shop/shift-orders']);
});

test.serial('a broken guard takes it back by itself', async (t) => {
  const stop = new AbortController();
  const load = (async () => {
    while (!stop.signal.aborted) {
      await dc1.gateway.request('orders.shop').catch(() => undefined);
      await sleep(25);
    }
  })();
  const line = ['shift', 'orders.shop', '--to', 'bad', '--steps', '50,100', '--hold', '60s'];
  const { code, stdout, stderr } = await dc1.gateway.isthmus([...line, '--guard', 'error<10%']);
  stop.abort();
  await load;
  t.is(code, 1, stderr);
  t.regex(
    stdout,
    /^reverted: \d+ of \d+ requests fail; 10 % may\. 0 % of orders\.shop go to bad\.shop/,
  );
  await t.throwsAsync(dc1.gateway.api.get(path), { code: 'POLICY_NOT_FOUND' } as object);
});

test.serial('another Route for the service is not fought with', async (t) => {
  const rules = [{ directResponse: { status: 418 } }];
  const parentRefs = [{ kind: 'Service', name: 'orders' }];
  await dc1.gateway.api.send('PUT', '/v1/routes/shop/other', { parentRefs, rules });
  const { code, stderr } = await dc1.gateway.isthmus(['shift', 'orders.shop', '--to', 'well']);
  t.is(code, 64);
  t.regex(stderr, /The Route shop\/other leads requests for orders\.shop already/);
});

async function withoutRoutes(t: ExecutionContext): Promise<void> {
  t.teardown(async () => {
    for (const { name } of await dc1.gateway.items<PolicyItem>('/v1/routes')) {
      await dc1.gateway.api.send('DELETE', `/v1/routes/shop/${name}`);
    }
  });
}

const answering = async () => (await ask(urlOf(dc1), host)).body;
const shift = (...more: readonly string[]) => ['shift', 'orders.shop', ...more];
const weights = async () => {
  const route = await dc1.gateway.api.get<{
    rules: readonly { backendRefs: readonly { weight: number }[] }[];
  }>(path);
  return route.rules[0]?.backendRefs.map(({ weight }) => weight);
};
const begun = () => until('the first share', () => weights().catch(() => undefined));

test.serial('endpoints by label: there, back, and nowhere that nobody has', async (t) => {
  await dc1.gateway.api.send('DELETE', '/v1/routes/shop/other');
  await withoutRoutes(t);
  const at = ['--steps', '50,100', '--hold', '100ms'];
  await dc1.gateway.isthmusOk(shift('--to', 'version=v2', '--stable', 'version=v1', ...at));
  await until('v2 to answer', async () => (await answering()).includes('v2'));

  const over = await dc1.gateway.isthmus(shift('--to', 'well', ...at));
  t.is(over.code, 64);
  t.regex(over.stderr, /shift-orders leads 100 % to orders\.shop version=v2 already/);
  t.regex(over.stderr, /Name that as --stable/);

  const nowhere = shift('--to', 'version=v9', '--stable', 'version=v2', ...at);
  const { code, stderr } = await dc1.gateway.isthmus(nowhere);
  t.is(code, 64);
  t.regex(stderr, /No endpoint of orders\.shop has version=v9 so far/);
  t.deepEqual(await weights(), [0, 100], 'nothing was changed');

  const back = await dc1.gateway.isthmus(
    shift('--to', 'version=v1', '--stable', 'version=v2', ...at),
  );
  t.regex(back.stderr, /^50 % of orders\.shop go to orders\.shop version=v1\n100 %/);
  await until('v1 to answer', async () => (await answering()).includes('v1'));
  const same = await dc1.gateway.isthmus(shift('--to', 'version=v1', '--stable', 'version=v1'));
  t.is(same.code, 64);
});

test.serial(
  'told to stop it leaves what goes where, and goes on from there; or takes it back where that is asked for',
  async (t) => {
    await withoutRoutes(t);
    const stopped = async (...more: readonly string[]) => {
      const line = shift('--to', 'well', '--steps', '50,100', '--hold', '60s', ...more);
      const env = { ISTHMUS_ADMIN: dc1.gateway.api.address.text };
      const command = start(process.execPath, [bin, ...line], { env });
      command.stderr?.once('data', () => command.kill('SIGINT'));
      return ended(command);
    };
    const left = await stopped();
    t.is(left.code, 3);
    t.regex(
      left.stdout,
      /^interrupted: it was told to stop\. 50 % of orders\.shop go to well\.shop, by the Route shop\/shift-orders\. Go on by the same command; undo it by: isthmus delete Route shop\/shift-orders$/m,
    );
    t.deepEqual(await weights(), [50, 50]);

    const reverted = await stopped('--on-interrupt', 'revert');
    t.is(reverted.code, 3);
    t.regex(reverted.stderr, /^goes on from 50 % of orders\.shop$/m);
    t.regex(reverted.stdout, /^reverted: it was told to stop\. 50 % of orders\.shop go to well/);
  },
);

test.serial(
  'what somebody else writes meanwhile is left so, and who it was is told, also at the last share',
  async (t) => {
    await withoutRoutes(t);
    const rules = [{ backendRefs: [{ name: 'orders', weight: 7 }] }];
    const theirs = { parentRefs: [{ kind: 'Service', name: 'orders' }], rules };
    const overtaken = dc1.gateway.isthmus(
      shift('--to', 'well', '--steps', '50,100', '--hold', '2s'),
    );
    await begun();
    await dc1.gateway.api.send('PUT', path, theirs);
    const { code, stderr } = await overtaken;
    t.is(code, 1);
    t.regex(
      stderr,
      /PRECONDITION_FAILED: route shop\/shift-orders was written by local at 20\S+ \S+, after this command had looked at it and is left so/,
    );
    t.deepEqual(await weights(), [7]);
    await dc1.gateway.api.send('DELETE', path);

    const last = dc1.gateway.isthmus(shift('--to', 'well', '--steps', '50', '--hold', '2s'));
    await begun();
    await dc1.gateway.api.send('DELETE', path);
    t.regex((await last).stderr, /shift-orders was deleted after this command had looked at it/);
    t.is((await last).code, 1);
  },
);

/** The gateway's API over a line that can be cut; what comes then is counted. */
async function cuttable(t: ExecutionContext) {
  const { address } = dc1.gateway.api;
  if (address.kind !== 'unix') throw new Error('a gateway of a test is asked over its socket');
  const line = { isCut: false, refused: 0, admin: '' };
  const server = listen((socket) => {
    socket.on('error', () => undefined);
    if (line.isCut) {
      line.refused++;
      return socket.destroy();
    }
    const onward = connect(address.path).on('error', () => socket.destroy());
    return socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  line.admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return line;
}

test.serial(
  'a gateway that can not be asked is asked again; where it stays away, it is told what goes where',
  async (t) => {
    await withoutRoutes(t);
    const line = await cuttable(t);
    const run = (...more: readonly string[]) =>
      isthmus(shift('--to', 'well', '--hold', '2s', '--steps', ...more), {
        env: { ISTHMUS_ADMIN: line.admin },
      });
    const short = run('50');
    await begun();
    line.isCut = true;
    await until('it to be missed', () => line.refused > 0);
    line.isCut = false;
    const { code, stderr } = await short;
    t.is(code, 0, stderr);
    t.regex(stderr, /: asked again$/m);

    const long = run('70,100');
    await until('the next share', async () => (await weights())?.[1] === 70);
    line.isCut = true;
    const lost = await long;
    t.is(lost.code, 1);
    t.regex(
      lost.stderr,
      /ADMIN_UNREACHABLE: .*\. 70 % of orders\.shop go to well\.shop, by the Route shop\/shift-orders\. Go on by the same command/,
    );
  },
);
