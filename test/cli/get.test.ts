/** Specifies get for one thing, for scripts and for somebody who waits: by name, names alone, without titles, and on and on. */
import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { until } from '../support/until.ts';
import { adminAt } from './admin-at.ts';
import { clusters, endpoint, exports, services, status } from './answers.ts';
import { bin, start } from './command.ts';
import { isthmus } from './in-process.ts';

async function asker(t: ExecutionContext) {
  const env = await adminAt(t, (app) => {
    app.get('/v1/status', () => status);
    app.get('/v1/clusters', () => ({ items: clusters }));
    app.get('/v1/services', () => ({ items: services }));
    app.get('/v1/endpoints', () => ({ items: [endpoint, { ...endpoint, id: 'a2' }] }));
    app.get('/v1/exports', () => ({ items: exports }));
    app.get('/v1/graph', () => ({ nodes: [], edges: [], missing: [] }));
  });
  return (line: string) => isthmus(['get', ...line.split(' ')], { env });
}

test('get KIND NAME shows the one that is named, and kinds have a singular', async (t) => {
  const get = await asker(t);
  t.regex((await get('cluster dc2')).stdout, /^CLUSTER .*\ndc2 .*\n$/);
  t.regex((await get('cluster')).stdout, /^CLUSTER .*\ndc1 .*\ndc2 .*\n$/);
  for (const [line, item] of [
    ['clusters dc2', clusters[1]],
    ['service api.prod', services[0]],
    ['service api.prod.acme', services[0]],
    ['endpoint api.prod/a1', endpoint],
    ['endpoint api.prod.acme/a1', endpoint],
    ['export dc2/api.prod', exports[0]],
  ] as const) {
    const { code, stdout } = await get(`${line} -o json`);
    t.deepEqual(JSON.parse(stdout), item, line);
    t.is(code, 0);
  }
});

test('a name that nothing has is an error of its own, says which is near, and ends with 4', async (t) => {
  const get = await asker(t);
  for (const [line, says] of [
    [
      'cluster dc9',
      /^error CLUSTER_NOT_FOUND: There is no cluster dc9\n {2}fix: Did you mean dc1\?/,
    ],
    ['service app.prod', /^error SERVICE_NOT_FOUND: .*\n {2}fix: Did you mean api\.prod\? List/],
    ['endpoint api.prod/zzzz', /^error ENDPOINT_NOT_FOUND: There is no endpoint api\.prod\/zzzz\n/],
    ['export dc3/other.prod', /^error SERVICE_NOT_FOUND: There is no export dc3\/other\.prod\n/],
  ] as const) {
    const { code, stderr, stdout } = await get(line);
    t.regex(stderr, says);
    t.is(stdout, '');
    t.is(code, 4);
  }
});

test('-o name prints what get and other verbs take as a name, one a line', async (t) => {
  const get = await asker(t);
  t.is((await get('clusters -o name')).stdout, 'dc1\ndc2\n');
  t.is((await get('service api.prod.acme -o name')).stdout, 'api.prod\n');
  t.is((await get('endpoints -o name')).stdout, 'api.prod/a1\napi.prod/a2\n');
  t.is((await get('exports -o name')).stdout, 'dc2/api.prod\n');
});

test('-o name is refused, before anything is done, where nothing has a name', async (t) => {
  const get = await asker(t);
  const { code, stderr } = await get('graph -o name');
  t.regex(stderr, /^error USAGE: 'isthmus get graph' lists nothing that has a name/);
  t.is(code, 64);
});

test('--no-headers leaves the line of titles out', async (t) => {
  const get = await asker(t);
  t.regex((await get('clusters --no-headers')).stdout, /^dc1 .*\ndc2 .*\n$/);
  t.regex((await get('endpoint api.prod/a2 --no-headers -o wide')).stdout, /^api\.prod +a2 .*\n$/);
});

/** A gateway's live stream, said by hand, and a command that watches it. */
async function watched(t: ExecutionContext, line: string) {
  const readers: ServerResponse[] = [];
  const asked: unknown[] = [];
  const env = await adminAt(t, (app) => {
    app.get('/v1/stream', ({ query }, reply) => {
      asked.push(query);
      readers.push(reply.hijack().raw.writeHead(200, { 'content-type': 'text/event-stream' }));
    });
  });
  const child = start(process.execPath, [bin, 'get', ...line.split(' ')], { env });
  t.teardown(() => child.kill());
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => (said.stdout += text));
  child.stderr?.on('data', (text) => (said.stderr += text));
  const reader = (n: number) => until(`reader ${n}`, () => readers[n]);
  const tell = async (n: number, event: string, data: object) =>
    (await reader(n)).write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  return { asked, said, tell, reader };
}

const [dc1, dc2] = clusters;

test('--watch shows what there is, then what changes, lines under each other', async (t) => {
  const { asked, said, tell } = await watched(t, 'clusters -w');
  await tell(0, 'snapshot', { topic: 'clusters', items: [dc1, dc2] });
  await tell(0, 'delta', { topic: 'clusters', upsert: [{ ...dc1, gateways: 3 }], remove: [] });
  await until('the change', () => said.stdout.split('\n').length > 4);
  const [titles = '', , , changed = ''] = said.stdout.split('\n');
  t.regex(changed, /^dc1 .* 3 {2}2026-09-21 14:13:20Z$/);
  t.is(changed.indexOf('2026'), titles.indexOf('JOINED'));
  await tell(0, 'delta', { topic: 'clusters', upsert: [], remove: ['dc2'] });
  await until('the leaving', () => said.stderr === 'The cluster dc2 is gone.\n');
  t.deepEqual(asked, [{ topics: 'clusters' }]);
});

test('--watch that is sent away comes back, and says again only what is other', async (t) => {
  const { said, tell, reader } = await watched(t, 'cluster dc2 --watch -o json');
  await tell(0, 'snapshot', { topic: 'clusters', items: [dc1, dc2] });
  await tell(0, 'reconnect', { reason: 'slow' });
  (await reader(0)).end();
  await tell(1, 'snapshot', { topic: 'clusters', items: [dc1, dc2] });
  await tell(1, 'delta', { topic: 'clusters', upsert: [{ ...dc2, gateways: 3 }], remove: [] });
  await until('the change', () => said.stdout.split('\n').length > 2);
  const items = said.stdout.trimEnd().split('\n');
  t.deepEqual(
    items.map((line) => JSON.parse(line)),
    [dc2, { ...dc2, gateways: 3 }],
  );
});

test('--watch goes by endpoints and exports too, and keeps to the service that was asked for', async (t) => {
  const { asked, said, tell } = await watched(t, 'endpoints --service api.prod -w -o name');
  const items = [endpoint, { ...endpoint, service: 'other.prod' }, { ...endpoint, id: 'a2' }];
  await tell(0, 'snapshot', { topic: 'endpoints', items });
  await until('the list', () => said.stdout.split('\n').length > 2);
  t.is(said.stdout, 'api.prod/a1\napi.prod/a2\n');
  await tell(0, 'delta', { topic: 'endpoints', upsert: [], remove: ['api.prod/a1'] });
  await until('the leaving', () => said.stderr === 'The endpoint api.prod/a1 is gone.\n');
  t.deepEqual(asked, [{ topics: 'endpoints' }]);
});

test('--watch ends with an error when the gateway breaks off', async (t) => {
  const { said, tell, reader } = await watched(t, 'clusters -w');
  await tell(0, 'snapshot', { topic: 'clusters', items: [dc1] });
  await until('the list', () => said.stdout !== '');
  (await reader(0)).destroy();
  await until('the error', () => /^error ADMIN_UNREACHABLE: /.test(said.stderr));
  t.pass();
});
