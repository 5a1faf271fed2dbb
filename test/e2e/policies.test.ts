/** Specifies policies that are written while gateways run: in a real registry, by the admin API, for all gateways of a cluster. */
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import type {
  EndpointItem,
  ExplainAnswer,
  ExportItem,
  ServiceExportItem,
  ServiceItem,
  TrafficPolicyItem,
} from '../../gateway/control/api/answers.ts';
import { signRecord } from '../../registry/signing.ts';
import { curl } from '../gateway/data/request/http.ts';
import { startOrigin } from '../gateway/data/request/scene.ts';
import { caPem, hostname, startTlsOrigin } from '../gateway/data/request/tls-origins.ts';
import { adminRequest } from '../support/admin-request.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, federate, servedBy } from '../support/federation.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { secondGateway } from '../support/second-gateway.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const path = '/v1/traffic-policies/shop/orders';
const exportPath = '/v1/service-exports/shop/orders';
const key = '/isthmus/v1/acme/policies/dc1/shop/TrafficPolicy/orders';
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;
let second: GatewayProcess;

test.before('dc1 has two gateways and all endpoints, dc2 asks for them', async () => {
  etcd = await startEtcd(shared);
  run = etcdctl(shared, etcd.address);
  const endpoints = [etcd.endpoint];
  ({ dc1, dc2 } = await federate(shared, {
    dc1: {
      instances: 2,
      registry: { etcd: { endpoints, found: true } },
      config: { workers: 2 },
    },
    dc2: { instances: 0, registry: { etcd: { endpoints } } },
  }));
  second = await secondGateway(shared, dc1);
  await until('the second to see the endpoints', async () => {
    return (await second.items<EndpointItem>('/v1/endpoints')).length === 2;
  });
});

const put = <T>(gateway: GatewayProcess, to: string, body: object, conditions = {}) =>
  gateway.api.send<T>('PUT', to, body, conditions);

/** Hashed by a user's name: all requests of one meet one endpoint. */
const hashed = {
  target: { service: 'orders' },
  balance: { algorithm: 'maglev', hash: { header: 'X-User' } },
};

/** How many endpoints one user's requests meet, by connections of their own: each worker takes some. */
async function met(gateway: GatewayProcess): Promise<number> {
  const headers = { 'x-user': 'ada' };
  const asked = Array.from({ length: 24 }, () => gateway.request('orders.shop', { headers }));
  return new Set((await Promise.all(asked)).map(({ body }) => body)).size;
}

async function algorithmAt(gateway: GatewayProcess): Promise<string> {
  return (await gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop')).policy.algorithm;
}

test.serial(
  'a policy that one gateway is given changes every worker of all of them under load, and no request fails',
  async (t) => {
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.goesOn();
    for (const gateway of [dc1.gateway, second]) {
      await until('both endpoints to be met', async () => (await met(gateway)) === 2);
    }
    const given = await put<TrafficPolicyItem>(second, path, hashed);
    t.like(given, {
      cluster: 'dc1',
      namespace: 'shop',
      name: 'orders',
      by: 'local',
      inForce: true,
    });
    t.like(given.balance, { algorithm: 'maglev', hash: { header: 'X-User' }, panicThreshold: 50 });
    t.false('timeouts' in given);
    for (const gateway of [dc1.gateway, second]) {
      await until('every worker to hash', async () => (await met(gateway)) === 1);
      t.is(await algorithmAt(gateway), 'maglev');
      t.deepEqual(await gateway.items('/v1/traffic-policies'), [given]);
    }
    t.not(await algorithmAt(dc2.gateway), 'maglev');

    const line = await dc1.gateway.isthmusOk(['get', 'traffic-policies', '--no-headers']);
    t.regex(line, /^shop\/orders +orders\.shop +maglev +- +yes +local +20\d\d-/);
    const explained = await dc1.gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop');
    t.deepEqual(explained.notes, ['It is balanced as the traffic policy shop/orders of dc1 says']);
    const told = await dc1.gateway.isthmusOk(['describe', 'traffic-policy', 'shop/orders']);
    t.regex(told, /^in force +yes, at this gateway$/m);
    t.regex(told, /^ {2}hash\.header +X-User$/m);
    const unknown = await dc1.gateway.isthmus(['get', 'traffic-policy', 'shop/order']);
    t.regex(unknown.stderr, /POLICY_NOT_FOUND: .*\n.*Did you mean shop\/orders\?/);

    await dc1.gateway.api.send('DELETE', path);
    for (const gateway of [dc1.gateway, second]) {
      await until('both endpoints to be met again', async () => (await met(gateway)) === 2);
    }
    t.deepEqual(await second.items('/v1/traffic-policies'), []);
    t.deepEqual(await load.stop(), []);
  },
);

test.serial(
  "a policy for another cluster's clients holds for these alone, where they arrive",
  async (t) => {
    await until('dc2 to meet both endpoints', async () => (await met(dc2.gateway)) === 2);
    const target = { service: 'orders', client: 'dc2' };
    await put(dc1.gateway, path, { ...hashed, target });
    await until('every worker to hash for dc2', async () => (await met(dc2.gateway)) === 1);
    t.is(await met(dc1.gateway), 2);
    t.not(await algorithmAt(dc1.gateway), 'maglev');
    const line = await dc1.gateway.isthmusOk(['get', 'traffic-policies', '--no-headers']);
    t.regex(line, /^shop\/orders +orders\.shop from dc2 +maglev/);
    await dc1.gateway.api.send('DELETE', path);
    await until('dc2 to meet both again', async () => (await met(dc2.gateway)) === 2);
  },
);

test.serial(
  'who changes what somebody else has changed meanwhile is told, at whichever gateway',
  async (t) => {
    const timed = (request: string) => ({ target: { service: 'orders' }, timeouts: { request } });
    await put(dc1.gateway, path, timed('5s'), { 'if-none-match': '*' });
    await t.throwsAsync(put(dc1.gateway, path, timed('6s'), { 'if-none-match': '*' }), {
      code: 'PRECONDITION_FAILED',
    } as object);
    const seen = await until('the second to hear', () => {
      return second.api.getTagged<TrafficPolicyItem>(path).catch(() => undefined);
    });
    await put(dc1.gateway, path, timed('7s'), { 'if-match': seen.etag });
    for (const write of [
      () => put(second, path, timed('8s'), { 'if-match': seen.etag }),
      () => second.api.send('DELETE', path, undefined, { 'if-match': seen.etag }),
    ]) {
      await t.throwsAsync(write(), { code: 'PRECONDITION_FAILED' } as object);
    }
    const { value } = await second.api.getTagged<TrafficPolicyItem>(path);
    t.is(value.timeouts?.request, '7s');
    const { json } = await adminRequest(second, '/v1/audit');
    const [last] = (json['items'] as Record<string, unknown>[]).slice(-1);
    t.like(last, {
      operation: 'deleteTrafficPolicy',
      object: 'namespace shop, name orders',
      status: 412,
    });
  },
);

test.serial('a wrong policy is refused at its field, and changes nothing', async (t) => {
  const before = await dc1.gateway.api.getTagged(path);
  for (const [body, where, what] of [
    [{ balance: {} }, 'target', /object/],
    [{ target: {} }, 'balance', /say balance, timeouts or both/],
    [{ ...hashed, balance: { algorithm: 'fastest' } }, 'balance.algorithm', /peak-ewma/],
    [{ ...hashed, timeouts: { request: 'soon' } }, 'timeouts.request', /write 250ms/],
  ] as const) {
    const answer = await adminRequest(dc1.gateway, path, { method: 'PUT', body });
    t.like(answer.json, { code: 'BODY_INVALID', where });
    t.regex(String(answer.json['detail']), what);
  }
  t.is((await dc1.gateway.api.getTagged(path)).etag, before.etag);
  const { status, json } = await adminRequest(dc1.gateway, '/v1/traffic-policies/shop/Orders');
  t.like({ status, ...json }, { status: 400, code: 'NAME_INVALID' });
});

test.serial(
  'security: what another cluster signed at a key of this one, or nobody did, is not acted on, and is named',
  async (t) => {
    await put(dc1.gateway, path, hashed);
    const own = JSON.parse(await run('get', key, '--print-value-only'));
    const stranger = await openAuthority({
      dir: join(dc2.gateway.dataDir, 'ca'),
      trustDomain: parseTrustDomain('dc2.acme'),
      clock: systemClock,
    });
    const { signature: _, ...content } = own;
    const forged = { ...content, spec: { ...content.spec, balance: { algorithm: 'random' } } };
    for (const record of [signRecord(key, forged, stranger), { ...own, spec: forged.spec }]) {
      await run.withInput(JSON.stringify(record), 'put', key);
      for (const gateway of [dc1.gateway, second]) {
        const problem = await until('it to be named', async () => {
          return (await gateway.problems()).find(({ where }) => where === key);
        });
        t.is(problem.code, 'RECORD_UNSIGNED');
        t.is(await algorithmAt(gateway), 'maglev');
        const item = await gateway.api.get<TrafficPolicyItem>(path);
        t.true(item.inForce);
        t.regex(item.reason ?? '', /another by now, which can't be used/);
      }
    }
    const check = await dc1.gateway.isthmus(['check']);
    t.regex(check.stdout, /RECORD_UNSIGNED/);
    t.not(check.code, 0);
    await put(second, path, hashed);
    for (const gateway of [dc1.gateway, second]) {
      await until('it to be over', async () => (await gateway.problems()).length === 0);
    }
    // Not even where it may write its own.
    const theirs = key.replace('/dc1/', '/dc2/');
    await run.withInput(JSON.stringify(signRecord(theirs, content, stranger)), 'put', theirs);
    await until('dc2 to name it', async () => {
      return (await dc2.gateway.problems()).some(({ code }) => code === 'RECORD_FOREIGN');
    });
    await run('del', theirs);
  },
);

test.serial(
  'whether other clusters may use a service is as a service export says, whatever its endpoints do',
  async (t) => {
    const stock = '/v1/services/shop/stock/endpoints/one';
    const [host, port] = (dc1.instances[0]?.address ?? '').split(':');
    await put(dc1.gateway, stock, { address: host, port: Number(port), exported: false });
    const { status: kept } = await dc2.gateway.request('stock.shop');
    t.is(kept, 404);
    await servedBy(dc2, dc1);

    t.like(await put<ServiceExportItem>(second, '/v1/service-exports/shop/stock', {}), {
      exported: true,
    });
    await put(second, exportPath, { exported: false });
    await until('what is exported to be asked for', async () => {
      return (await dc2.gateway.request('stock.shop')).cluster === 'dc1';
    });
    await until('what is not to be no service there', async () => {
      return (await dc2.gateway.request('orders.shop')).status === 404;
    });
    t.is((await dc1.gateway.request('orders.shop')).status, 200);
    const services = await dc1.gateway.items<ServiceItem>('/v1/services');
    t.deepEqual(
      services.map(({ service, exported }) => [service, exported]),
      [
        ['orders.shop', false],
        ['stock.shop', true],
      ],
    );
    // What its owner registered is not another by that.
    t.false((await dc1.gateway.api.get<EndpointItem>(stock)).exported);
    const { notes } = await dc1.gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop');
    t.regex(notes.join(), /orders\.shop is not exported/);

    await dc1.gateway.api.send('DELETE', exportPath);
    await dc1.gateway.api.send('DELETE', '/v1/service-exports/shop/stock');
    await servedBy(dc2, dc1);
    await until('the other to be kept again', async () => {
      return (await dc2.gateway.request('stock.shop')).status === 404;
    });
  },
);

test.serial(
  'a service is exported to the clusters that its export names, and leaves to none that its defaults name',
  async (t) => {
    const served = async (isServed: boolean) =>
      until(`dc2 to be ${isServed ? '' : 'not '}served`, async () => {
        const { cluster } = await dc2.gateway.request('orders.shop');
        return (cluster === 'dc1') === isServed;
      });
    const defaults = '/v1/service-defaults/shop/orders';
    const given = await put<ServiceExportItem>(second, exportPath, { to: ['dc3'] });
    t.deepEqual(given.warnings, ['to: dc3 is no member of the federation']);
    await served(false);
    t.is((await dc1.gateway.request('orders.shop')).status, 200);
    await until('why to be told', async () => {
      const { notes } = await dc2.gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop');
      return notes.includes('Its copies in dc1 are left out: it is not exported to dc2 there');
    });
    await put(second, exportPath, { to: ['dc3', 'dc2'] });
    await served(true);
    await put(dc2.gateway, defaults, { neverTo: ['dc1'] });
    await served(false);
    const { notes } = await dc2.gateway.api.get<ExplainAnswer>('/v1/explain/orders.shop');
    t.regex(notes.join(), /left out: requests for it are never sent there from here/);
    await put(dc2.gateway, defaults, { aliases: ['bestellungen.shop.acme'] });
    await served(true);
    await until('the alias to lead there', async () => {
      return (await dc2.gateway.request('bestellungen.shop')).cluster === 'dc1';
    });
    t.is((await dc1.gateway.request('bestellungen.shop')).status, 404);
    await dc2.gateway.api.send('DELETE', defaults);
    await until('the alias to be gone', async () => {
      return (await dc2.gateway.request('bestellungen.shop')).status === 404;
    });
    await put(second, defaults, { capacity: 250 });
    await until('its capacity to be told', async () => {
      const [item] = await dc2.gateway.items<ExportItem>('/v1/exports');
      return item?.capacity === 250 && item.to?.length === 2;
    });
    const asBooks = async () => (await dc2.gateway.request('books.shop')).cluster === 'dc1';
    await put(dc1.gateway, exportPath, { as: 'books.shop' });
    await until('it to be asked by its other name', asBooks);
    await until('it to be none by its own', async () => {
      return (await dc2.gateway.request('orders.shop')).status === 404;
    });
    t.is((await dc1.gateway.request('books.shop')).status, 404);
    t.is((await dc1.gateway.request('orders.shop')).status, 200);
    for (const one of [defaults, exportPath]) await dc1.gateway.api.send('DELETE', one);
    await served(true);
    await until('it to be none by the other', async () => {
      return (await dc2.gateway.request('books.shop')).status === 404;
    });
  },
);

test.serial(
  'endpoints are spoken to and checked as the defaults of their service say, from then on, unless they say it themselves',
  async (t) => {
    const endpoint = (id: string) => `/v1/services/shop/parts/endpoints/${id}`;
    const [host, port] = (dc1.instances[0]?.address ?? '').split(':');
    const at = { address: host, port: Number(port) };
    await put(second, endpoint('silent'), at);
    await put(second, endpoint('own'), { ...at, protocol: 'http2', check: { tcp: true } });
    const told = () => second.items<EndpointItem>('/v1/endpoints?service=parts.shop');
    const table = async () => {
      const items = (await told()).map(({ id, protocol, health }) => [id, protocol, health]);
      return items.sort().join(' ');
    };
    await until(
      'both to be well',
      async () => (await table()) === 'own,http2,healthy silent,http,healthy',
    );
    const defaults = '/v1/service-defaults/shop/parts';
    const check = { http: { path: '/nowhere', expect: [418] }, interval: '50ms', fall: 1 };
    await put(dc1.gateway, defaults, { protocol: 'grpc', check });
    await until('what is said to hold', async () => {
      return (await table()) === 'own,http2,healthy silent,grpc,unhealthy';
    });
    t.false('check' in (await second.api.get<EndpointItem>(endpoint('silent'))));
    await dc1.gateway.api.send('DELETE', defaults);
    await until(
      'it to be as before',
      async () => (await table()) === 'own,http2,healthy silent,http,healthy',
    );
    // What a policy changes of an endpoint is no change of who registered it.
    const { etag } = await second.api.getTagged(endpoint('silent'));
    await put(second, defaults, { protocol: 'http2' });
    await until('it to hold', async () => (await table()).includes('silent,http2'));
    await second.api.send('DELETE', endpoint('silent'), undefined, { 'if-match': etag });
    await second.api.send('DELETE', endpoint('own'));
    await second.api.send('DELETE', defaults);
  },
);

test.serial(
  'endpoints are spoken to over TLS as is written while gateways run, at every gateway and for every cluster',
  async (t) => {
    const vault = await startTlsOrigin(t, 'vault');
    const endpoint = '/v1/services/shop/vault/endpoints/one';
    const defaults = '/v1/service-defaults/shop/vault';
    await put(dc1.gateway, endpoint, { address: '127.0.0.1', port: vault.port });
    const asked = [dc1.gateway, second, dc2.gateway];
    const allSay = async (said: string) => {
      const answers = await Promise.all(asked.map((gateway) => gateway.request('vault.shop')));
      return answers.every(({ body }) => body.includes(said));
    };
    await until('it to be known', () => allSay('UPSTREAM_FAILED'));
    const tls = { caCertificates: caPem, hostname };
    await put(second, defaults, { tls });
    await until('it to answer', () => allSay('vault'));
    await put(second, defaults, { tls: { ...tls, hostname: 'other.internal' } });
    await until('all to want another', () => allSay('ENDPOINT_TLS_FAILED'));
    t.deepEqual(new Set(vault.heard), new Set([`${hostname} -`]));
    await put(second, defaults, { tls: { ...tls, caCertificates: '/nowhere/ca.pem' } });
    for (const gateway of [dc1.gateway, second]) {
      await until('the file to be missed', async () => {
        return (await gateway.problems()).some(({ code }) => code === 'FILE_UNREADABLE');
      });
    }
    for (const one of [defaults, endpoint]) await dc1.gateway.api.send('DELETE', one);
    await until('it to be over', async () => (await second.problems()).length === 0);
  },
);

test.serial(
  'a limit that gateways share counts what all workers of all of them let through, and is gone when it is deleted',
  async (t) => {
    const limitPath = '/v1/rate-limits/shop/few';
    const spec = { target: { service: 'orders' }, requests: 40, per: '1h', shared: true };
    await put(dc1.gateway, limitPath, spec);
    const statusOf = async (gateway: GatewayProcess) =>
      (await gateway.request('orders.shop')).status;
    await until('the first to have let all through', async () => {
      return (await statusOf(dc1.gateway)) === 429;
    });
    await until('the second to have heard of it', async () => (await statusOf(second)) === 429);
    t.is(await statusOf(dc1.gateway), 429);
    await dc1.gateway.api.send('DELETE', limitPath);
    for (const gateway of [dc1.gateway, second]) {
      await until('it to hold no more', async () => (await statusOf(gateway)) === 200);
    }
  },
);

test.serial(
  'no host outside is reached but those that a policy names, by whoever goes out, who tells them nothing of who asked',
  async (t) => {
    const origin = await startOrigin(t, 'outside');
    const vault = await startTlsOrigin(t, 'vault');
    const path = (name: string) => `/v1/egress/shop/${name}`;
    const outside = (gateway: GatewayProcess, url: string, ...args: readonly string[]) =>
      curl('-x', `http://${gateway.listener('outbound')}`, ...args, url).catch(() => undefined);
    const url = `http://localhost:${origin.port}/`;
    const blocked = async () => (await outside(dc1.gateway, url))?.status === 404;
    t.true(await blocked());
    await put(second, path('tool'), { host: 'localhost', port: origin.port });
    const answers = async () => {
      const all = await Promise.all([dc1.gateway, second].map((one) => outside(one, url)));
      return all.every((answer) => answer?.body === 'outside');
    };
    await until('both to go out', answers);
    const { headers } = origin.requests.at(-1) ?? {};
    t.like(headers, { host: `localhost:${origin.port}`, 'x-forwarded-for': undefined });
    t.regex(String(headers?.['via']), /shop/);
    t.deepEqual(
      Object.keys(headers ?? {}).filter((name) => /forward|isthmus|real-ip/.test(name)),
      [],
    );
    t.true((await outside(dc2.gateway, url))?.status === 404, "dc1's word is dc1's");

    // TLS that the gateway begins.
    const tls = { caCertificates: caPem, hostname };
    await put(second, path('tool'), { host: 'localhost', port: vault.port, tls });
    await until('TLS to be spoken', async () => {
      return (await outside(dc1.gateway, 'http://localhost/'))?.body === 'vault';
    });
    await put(second, path('tool'), {
      host: 'localhost',
      port: vault.port,
      tls: { ...tls, hostname: undefined },
    });
    await until('the certificate not to be for the host', async () => {
      const answer = await outside(dc1.gateway, 'http://localhost/');
      return answer?.body.includes('ENDPOINT_TLS_FAILED');
    });

    // A tunnel, to that port alone.
    const tunnelled = (port: number) =>
      outside(dc1.gateway, `https://localhost:${port}/`, '-k', '--suppress-connect-headers');
    t.is(await tunnelled(vault.port), undefined);
    await put(second, path('tunnel'), { host: 'localhost', port: vault.port, protocol: 'tcp' });
    await until('the tunnel', async () => (await tunnelled(vault.port))?.body === 'vault');
    t.is(await tunnelled(origin.port), undefined);

    // By way of a cluster that lets them.
    const via = { host: 'localhost', port: origin.port, via: 'dc2' };
    await put(dc1.gateway, path('tool'), via);
    await until('dc1 not to go out', async () => (await outside(dc1.gateway, url))?.status === 503);
    await put(dc2.gateway, path('tool'), via);
    await until('dc2 to go out for dc1', async () => {
      return (await outside(dc1.gateway, url))?.headers['x-isthmus-cluster'] === 'dc2';
    });
    const told = origin.requests.at(-1)?.headers ?? {};
    t.deepEqual(
      Object.keys(told).filter((name) => /forward|isthmus|real-ip/.test(name)),
      [],
    );

    await dc2.gateway.api.send('DELETE', path('tool'));
    for (const name of ['tool', 'tunnel']) await dc1.gateway.api.send('DELETE', path(name));
    await until('none to be reached', blocked);
  },
);

test.serial(
  'policies outlive gateways also while the registry is down, and nothing is said to be written that is not',
  async (t) => {
    await put(second, exportPath, { exported: false });
    await put(second, path, hashed);
    await until('the first to hear', async () => {
      return (await dc1.gateway.items('/v1/service-exports')).length === 1;
    });
    await etcd.kill();
    await dc1.gateway.stop();
    await dc1.start();
    t.true((await dc1.gateway.status()).registry.fromCache);
    t.is(await met(dc1.gateway), 1);
    const [item] = await dc1.gateway.items<ServiceExportItem>('/v1/service-exports');
    t.like(item, { name: 'orders', exported: false, inForce: true });
    const other = { ...hashed, balance: { algorithm: 'random' } };
    await t.throwsAsync(put(dc1.gateway, path, other), { code: 'REGISTRY_UNAVAILABLE' } as object);
    t.is(await algorithmAt(dc1.gateway), 'maglev');

    await etcd.start();
    await until('it to be written', () => {
      return put(dc1.gateway, path, other).catch(() => undefined);
    });
    await until('the second to hear', async () => (await algorithmAt(second)) === 'random');
  },
);
