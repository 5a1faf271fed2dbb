/** Specifies what each key under `timeouts` does, from a gateway's YAML to its clients and services. */
import type { ServerResponse } from 'node:http';
import anyTest, { type TestFn } from 'ava';
import { curl } from '../support/curl.ts';
import { startDeafPort } from '../support/deaf-port.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { startOrigin } from '../support/origin.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { startTcpService } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { soon, until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let gateway: GatewayProcess;
let held: ServerResponse | undefined;

test.before('a gateway with services that each have timeouts of their own', async () => {
  const silent = await startTcpService(shared, () => undefined);
  const silentAt = `127.0.0.1:${silent.port}`;
  const deafAt = `127.0.0.1:${await startDeafPort(shared)}`;
  const web = await startOrigin(shared, (request, response) => {
    const { socket, url } = request;
    if (url === '/held') held = response;
    else if (url === '/half') response.write('half');
    else request.resume().once('end', () => response.end(`${socket.remotePort}`));
  });
  // Whoever expects to be asked is left waiting.
  web.server.on('checkContinue', (_, response) => response.writeHead(417).end());
  const service = (name: string, own: object, ...addresses: readonly string[]) => ({
    ...{ name, namespace: 'shop', balance: { retry: { maxTries: addresses.length } } },
    endpoints: addresses.map((address, i) => ({ id: `e-${i}`, address })),
    ...own,
  });
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    workers: 1,
    timeouts: { request: '200ms' },
    services: [
      service('silent', {}, silentAt),
      service('patient', { timeouts: { request: '1m' } }, web.address),
      service('deaf', { timeouts: { connect: '100ms', request: '900ms' } }, deafAt),
      service('unasked', { timeouts: { continue: '0s' } }, web.address),
      service('fresh', { timeouts: { rest: '0s' } }, web.address),
      service('tried', { timeouts: { perTry: '1s' } }, silentAt, web.address),
      service('late', { timeouts: { deadlineHeader: 'X-Timeout-Ms' } }, web.address),
      service('idle', { timeouts: { idle: '300ms' } }, web.address),
    ],
  });
  await gateway.start();
});

test('request: no answer in time is 504', async (t) => {
  const answer = await soon('an answer', gateway.request('silent.shop'));
  t.is(answer.status, 504);
  proves(t, 'timeouts.request');
});

test("a service's own timeouts are in place of those for all", async (t) => {
  const answer = gateway.request('patient.shop', { path: '/held' });
  const response = await until('it to be asked', () => held);
  t.is((await gateway.request('silent.shop')).status, 504);
  response.end('at last');
  t.is((await answer).body, 'at last');
  proves(t, 'services[].timeouts');
});

test('connect: an endpoint that does not take the connection is given up, and not the request', async (t) => {
  t.is((await gateway.request('deaf.shop')).status, 502);
  proves(t, 'timeouts.connect');
});

test('continue: 0s does not wait for the endpoint to ask for the body', async (t) => {
  const url = `http://${gateway.listener('outbound')}/`;
  const fields = ['--header', 'Host: unasked.shop.acme', '--header', 'Expect: 100-continue'];
  const { status, statuses } = await curl([...fields, '--data', 'body', url]);
  t.deepEqual([status, statuses], [200, [100, 200]]);
  proves(t, 'timeouts.continue');
});

test('rest: 0s has a connection for each request', async (t) => {
  const ports = new Set<string>();
  for (let i = 0; i < 5; i++) ports.add((await gateway.request('fresh.shop')).body);
  t.is(ports.size, 5);
  proves(t, 'timeouts.rest');
});

test('perTry: an endpoint that is silent is given up for another', async (t) => {
  const answers = await soon(
    'ten answers',
    Promise.all(Array.from({ length: 10 }, () => gateway.request('tried.shop'))),
  );
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  proves(t, 'timeouts.perTry');
});

test('deadlineHeader: a client that has no time left is refused', async (t) => {
  t.is((await gateway.request('late.shop', { headers: { 'x-timeout-ms': '10000' } })).status, 200);
  const late = await gateway.request('late.shop', { headers: { 'x-timeout-ms': '0' } });
  t.is(late.status, 504);
  t.is(JSON.parse(late.body).code, 'DEADLINE_EXCEEDED');
  proves(t, 'timeouts.deadlineHeader');
});

test('idle: an answer that stops is cut', async (t) => {
  const answer = gateway.request('idle.shop', { path: '/half' });
  await soon('it to be cut', t.throwsAsync(answer));
  proves(t, 'timeouts.idle');
});
