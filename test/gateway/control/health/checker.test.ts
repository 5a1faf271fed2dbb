/** Specifies active checks against real servers: what passes, who hears, and that many do not come at once. */
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { serverTlsOf } from '../../../../certs/server-trust.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { HealthChecker } from '../../../../gateway/control/health/checker.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import { type Check, checkSchema, writtenCheck } from '../../../../policy/health-check.ts';
import { forge } from '../../../certs/forge.ts';
import { until } from '../../../support/until.ts';
import { closedPort, startOrigin } from '../../data/request/scene.ts';
import { certified, hostname, startTlsOrigin, trusted } from '../../data/request/tls-origins.ts';

const { lookup } = new NameResolver({ clock: systemClock, log: silentLog });

function startChecker(t: ExecutionContext, concurrency?: number) {
  const checker = new HealthChecker({
    clock: systemClock,
    random: Math.random,
    lookup,
    concurrency,
  });
  t.teardown(() => checker.close());
  const told: string[] = [];
  checker.onChange((key, health) => told.push(`${key} ${health}`));
  return { checker, told };
}

function check(probe: object, interval = '50ms'): Check {
  return checkSchema.parse({ ...probe, interval, timeout: '1s' });
}

const address = '127.0.0.1';

test('an endpoint is healthy, then unhealthy, then healthy again, and each change is told once', async (t) => {
  let status = 200;
  const { port } = await startOrigin(t, 'orders-1', (_, response) => {
    response.statusCode = status;
    response.end();
  });
  const { checker, told } = startChecker(t);
  checker.set({ key: 'orders-1', address, port, check: check({ http: { path: '/health' } }) });
  t.like(checker.status('orders-1'), { health: 'unknown', checkedAt: undefined });
  await until('it is healthy', () => told.length === 1);
  status = 500;
  await until('it is unhealthy', () => told.length === 2);
  t.is(checker.status('orders-1')?.reason, 'GET /health answers 500');
  status = 200;
  await until('it is healthy again', () => told.length === 3);
  t.deepEqual(told, ['orders-1 healthy', 'orders-1 unhealthy', 'orders-1 healthy']);
});

test('a passing endpoint may say that it is degraded', async (t) => {
  const { port } = await startOrigin(t, 'orders-1', (_, response) => {
    response.setHeader('x-isthmus-degraded', 'true');
    response.end();
  });
  const { checker } = startChecker(t);
  checker.set({ key: 'a', address, port, check: check({ http: { path: '/' } }) });
  await until('it is degraded', () => checker.status('a')?.health === 'degraded');
  t.pass();
});

test('path, host and expected statuses are as configured', async (t) => {
  const origin = await startOrigin(t, 'orders-1', (request, response) => {
    response.statusCode =
      request.headers.host === 'me.example' && request.url === '/up?x=1' ? 404 : 200;
    response.end();
  });
  const { checker } = startChecker(t);
  const http = { path: '/up?x=1', host: 'me.example', expect: [404, '500-599'] };
  checker.set({ key: 'a', address, port: origin.port, check: check({ http }) });
  await until('it passes', () => checker.status('a')?.health === 'healthy');
  t.pass();
});

test('nobody listening, nobody answering and an unknown name are unhealthy, and say why', async (t) => {
  const stuck = createServer().listen(0, address);
  t.teardown(() => stuck.close());
  await until('it listens', () => stuck.listening);
  const { checker } = startChecker(t);
  const http = checkSchema.parse({ http: { path: '/' }, interval: '50ms', timeout: '100ms' });
  const bound = stuck.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  checker.set({ key: 'closed', address, port: await closedPort(), check: check({ tcp: {} }) });
  checker.set({ key: 'stuck', address, port, check: http });
  checker.set({ key: 'nowhere', address: 'nobody.invalid', port: 80, check: check({ tcp: {} }) });
  for (const [key, reason] of [
    ['closed', /ECONNREFUSED/],
    ['stuck', /No answer within 100 ms/],
    ['nowhere', /./],
  ] as const) {
    await until(`${key} is unhealthy`, () => checker.status(key)?.health === 'unhealthy');
    t.regex(checker.status(key)?.reason ?? '', reason);
  }
});

test('a TCP check passes when a connection is accepted', async (t) => {
  const { port } = await startOrigin(t, 'orders-1');
  const { checker } = startChecker(t);
  checker.set({ key: 'a', address, port, check: check({ tcp: {} }) });
  await until('it passes', () => checker.status('a')?.health === 'healthy');
  checker.remove('a');
  t.is(checker.status('a'), undefined);
});

test('no more checks run at once than allowed', async (t) => {
  let open = 0;
  let most = 0;
  const { port } = await startOrigin(t, 'orders-1', (_, response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end();
    }, 20);
  });
  const { checker, told } = startChecker(t, 3);
  for (let i = 0; i < 30; i++) {
    checker.set({ key: `e${i}`, address, port, check: check({ http: { path: '/' } }, '10s') });
  }
  await until('all are checked', () => told.length === 30);
  t.true(most <= 3, `${most} at once`);
});

for (const written of [
  { http: { path: '/up' } },
  { http: { path: '/', expect: [204, '300-399', '404'], host: 'me', tls: true, version: 2 } },
  { grpc: { service: 'a.B', host: 'me:1' }, interval: '1m' },
  { grpc: {} },
  { tcp: {}, timeout: '1500ms', rise: 1, fall: 9 },
] as const) {
  test(`a check that is written out reads back as it was: ${JSON.stringify(written)}`, (t) => {
    const check = checkSchema.parse(written);
    t.deepEqual(checkSchema.parse(writtenCheck(check)), check);
  });
}

test('a check is written as http or tcp, and anything else is refused', (t) => {
  t.like(checkSchema.parse({ http: { path: '/' } }), {
    intervalMs: 2000,
    timeoutMs: 1000,
    rise: 2,
  });
  for (const wrong of [
    {},
    { http: { path: '/' }, tcp: {} },
    { http: { path: 'x' } },
    { http: { path: '/', expect: ['2xx'] } },
    { tcp: {}, interval: '1ms' },
    { tcp: {}, rise: 0 },
    { tcp: {}, interval: 'often' },
  ]) {
    t.false(checkSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});

const overTls = serverTlsOf(trusted);

for (const [how, kind, probe, reason] of [
  ['a GET', 'http', { http: { path: '/' } }, 'GET / answers 200'],
  ['a GET by HTTP/2', 'http2', { http: { path: '/', version: 2 } }, 'GET / answers 200'],
  ['a connection', 'raw', { tcp: true }, 'Accepts connections over TLS'],
] as const) {
  test(`security: ${how} is over the TLS of its service, and no forged endpoint passes`, async (t) => {
    const { checker } = startChecker(t);
    const by = certified({ dnsNames: ['other.internal'] });
    const { port } = await startTlsOrigin(t, 'one', { kind });
    const { port: forged, heard } = await startTlsOrigin(t, 'forged', { kind, by });
    const tls = overTls;
    checker.set({ key: 'one', address, port, check: check(probe), tls });
    checker.set({ key: 'forged', address, port: forged, check: check(probe), tls });
    await until('it passes', () => checker.status('one')?.health === 'healthy');
    t.is(checker.status('one')?.reason, reason);
    await until('it fails', () => checker.status('forged')?.health === 'unhealthy');
    t.regex(
      checker.status('forged')?.reason ?? '',
      /DNS:other\.internal, not for orders\.internal/,
    );
    t.deepEqual(heard, []);
  });
}

test('gRPC is asked over the TLS of its service; without what that takes nobody is asked', async (t) => {
  const { checker } = startChecker(t);
  const by = forge({ name: hostname, dnsNames: [hostname] });
  const { port } = await startTlsOrigin(t, 'self-signed', { kind: 'http2', by });
  checker.set({ key: 'grpc', address, port, check: check({ grpc: {} }), tls: overTls });
  await until('it fails', () => checker.status('grpc')?.health === 'unhealthy');
  t.regex(checker.status('grpc')?.reason ?? '', /self.signed/);
  const tls = { unusable: 'ca.pem is not there' };
  checker.set({ key: 'grpc', address, port, check: check({ grpc: {} }), tls });
  await until('it says why', () => /ca\.pem/.test(checker.status('grpc')?.reason ?? ''));
  t.pass();
});
