/** Specifies registering endpoints: what is sent, and an endpoint that lives as long as its command. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { batches } from '../../cli/endpoints-file.ts';
import { registration } from '../../cli/registration.ts';
import type { Status } from '../../gateway/control/api/answers.ts';
import { checkSchema } from '../../policy/health-check.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { adminAt } from './admin-at.ts';
import { endpoint, status } from './answers.ts';
import { bin, ended, start } from './command.ts';
import { isthmus } from './in-process.ts';

const path = '/v1/services/prod/api/endpoints/a1';

/** A gateway that records each request; heartbeats are answered as `heartbeat` says. */
async function gateway(
  t: ExecutionContext,
  heartbeat: () => number = () => 200,
  published = true,
  kind: Status['registry']['kind'] = 'connected',
) {
  const asked: string[] = [];
  const bodies: unknown[] = [];
  const env = await adminAt(t, (app) => {
    app.addHook('preHandler', async ({ method, url }) => {
      asked.push(`${method} ${url}`);
    });
    app.get('/v1/status', () => ({ ...status, registry: { ...status.registry, kind } }));
    app.put(path, ({ body }) => {
      bodies.push(body);
      return { ...endpoint, published };
    });
    app.put(`${path}/heartbeat`, (_, reply) => {
      const code = heartbeat();
      if (code === 200) return { service: 'api.prod', id: 'a1', health: 'healthy' };
      return reply.code(code).send({
        code: code === 404 ? 'ENDPOINT_NOT_FOUND' : 'DRAINING',
        detail: 'Not now',
        fix: '-',
      });
    });
    app.delete(path, (_, reply) => reply.code(204).send());
  });
  return { env, asked, bodies };
}

test('register sends what the options say and nothing else', async (t) => {
  const { asked, bodies, env } = await gateway(t);
  const line =
    'register api.prod --id a1 --address 10.0.0.5:8080 --zone us-east-1b --weight 3 --label team=core --label v=a=b --ttl 15s --deregister-after 1m --check-http /healthz --check-interval 5s --no-export';
  const { code, stdout, stderr } = await isthmus(line.split(' '), { env });
  t.is(stdout, 'registered api.prod a1 at 10.0.0.5:8080\n');
  t.regex(
    stderr,
    /^note: its heartbeats are yours to send, one in 15s .*: PUT \/v1\/services\/prod\/api\/endpoints\/a1\/heartbeat, or .*--heartbeat\n$/,
  );
  t.is(code, 0);
  t.deepEqual(asked, [`PUT ${path}`]);
  t.deepEqual(bodies, [
    {
      address: '10.0.0.5',
      port: 8080,
      zone: 'us-east-1b',
      weight: 3,
      labels: { team: 'core', v: 'a=b' },
      exported: false,
      ttl: '15s',
      deregisterAfter: '1m',
      check: { http: { path: '/healthz' }, interval: '5s' },
    },
  ]);
});

test('the least is an id and an address; a label does not swallow the service', async (t) => {
  const { bodies, env } = await gateway(t);
  const args = ['register', '--label', 'a=b', 'api.prod', '--id', 'a1', '--address', '[::1]:80'];
  t.is((await isthmus(args, { env })).code, 0);
  t.deepEqual(bodies, [{ address: '::1', port: 80, labels: { a: 'b' } }]);
});

test('ports with a name are sent as such; one that is none is named', (t) => {
  const port = ['grpc=9090/grpc', 'metrics=9100'];
  t.like(registration({ address: 'a:1', port }).body, {
    ports: [
      { name: 'grpc', port: 9090, protocol: 'grpc' },
      { name: 'metrics', port: 9100 },
    ],
  });
  for (const wrong of ['grpc', 'grpc=', '=9090', 'grpc=x', 'grpc=90/']) {
    t.throws(() => registration({ address: 'a:1', port: [wrong] }), {
      ...{ code: 'USAGE', message: /--port: can't be/ },
    });
  }
});

test('a tcp check and an export are sent as such', (t) => {
  const { body } = registration({ address: 'a:1', checkTcp: true, export: true });
  t.like(body, { check: { tcp: true }, exported: true });
});

for (const [flags, check] of [
  [
    {
      checkHttp: '/up',
      checkHost: 'a.example',
      checkTls: true,
      checkHttp2: true,
      checkExpect: ['204', '300-399'],
    },
    { http: { path: '/up', host: 'a.example', tls: true, version: 2, expect: [204, '300-399'] } },
  ],
  [
    {
      checkGrpc: true,
      checkService: 'shop.Orders',
      checkRise: '1',
      checkFall: '3',
      checkTimeout: '2s',
    },
    { grpc: { service: 'shop.Orders' }, rise: 1, fall: 3, timeout: '2s' },
  ],
  [{ checkGrpc: true }, { grpc: {} }],
] as const) {
  test(`a check as flags give it: ${JSON.stringify(check)}`, (t) => {
    const { body } = registration({ address: 'a:1', ...flags });
    t.deepEqual(body['check'], check);
    t.true(checkSchema.safeParse(body['check']).success);
  });
}

/** A gateway that takes many at once, but for those that are called `bad`. */
async function many(t: ExecutionContext) {
  const calls: { register: { service: string; id: string }[] }[] = [];
  const env = await adminAt(t, (app) =>
    app.post('/v1/endpoints', ({ body }) => {
      const call = body as (typeof calls)[number];
      calls.push(call);
      const refused = call.register
        .filter(({ id }) => id === 'bad')
        .map(({ service, id }) => ({ service, id, code: 'ENDPOINT_FIXED', what: 'It is fixed' }));
      const registered = call.register.length - refused.length;
      return { registered, heartbeats: 0, deregistered: 0, published: true, refused };
    }),
  );
  const run = (file: string, stdin = '') => isthmus(['register', '-f', file], { env, stdin });
  return { calls, run };
}

test('all that a file lists is registered at once, and those that are refused are named', async (t) => {
  const { calls, run } = await many(t);
  const said = await run(
    '-',
    `endpoints:
  - { service: api.prod, id: a1, address: 10.0.0.5:8080, check: { http: { path: /up } }, ttl: 15s }
  - { service: api.prod, id: bad, address: '[::1]:8080', protocol: grpc }
`,
  );
  t.is(said.stdout, 'registered 1 endpoint\n');
  t.regex(
    said.stderr,
    /^refused api\.prod bad: ENDPOINT_FIXED: It is fixed\nnote: the heartbeats of those with a ttl \(1\) are yours to send/,
  );
  t.is(said.code, 5);
  t.deepEqual(calls as unknown, [
    {
      register: [
        {
          service: 'api.prod',
          id: 'a1',
          address: '10.0.0.5',
          port: 8080,
          check: { http: { path: '/up' } },
          ttl: '15s',
        },
        { service: 'api.prod', id: 'bad', address: '::1', port: 8080, protocol: 'grpc' },
      ],
    },
  ]);
});

test('a file that is wrong is refused at file, line and key, and nothing is sent', async (t) => {
  const { calls, run } = await many(t);
  const file = join(await tempDir(t), 'endpoints.yaml');
  await writeFile(file, 'endpoints:\n  - { service: api.prod, id: a1, address: 10.0.0.5 }\n');
  const { code, stderr } = await run(file);
  t.regex(stderr, /^error CONFIG_INVALID: endpoints\.0\.address: .*endpoints\.yaml:2:\d+\)/);
  t.is(code, 65);
  t.deepEqual(calls, []);
});

test('thousands are sent in calls that each fit a body', (t) => {
  const labels = { note: 'x'.repeat(200) };
  const endpoints = Array.from({ length: 12_000 }, (_, i) => ({
    service: 'api.prod',
    id: `a${i}`,
    labels,
  }));
  const calls = batches(endpoints);
  t.deepEqual(calls.flat(), endpoints);
  t.true(calls.every((call) => JSON.stringify({ register: call }).length < 1_048_576));
  t.true(calls.length < 10);
});

for (const [kind, said] of [
  ['unavailable', /^warning: the registry is out of reach/],
  ['connected', /^warning: others do not see it yet: .*`isthmus status`/],
  // There are no others.
  ['standalone', /^$/],
] as const) {
  test(`what is not published while the registry is ${kind} is registered, and that is said as it is`, async (t) => {
    const { env } = await gateway(t, undefined, false, kind);
    const run = await isthmus(['register', 'api.prod', '--id', 'a1', '--address', 'a:1'], { env });
    t.regex(run.stderr, said);
    t.is(run.code, 0);
  });
}

test("a service's whole host is understood, another federation's is not", async (t) => {
  const { asked, env } = await gateway(t);
  const run = await isthmus(['deregister', 'api.prod.acme', 'a1'], { env });
  t.is(run.stdout, 'deregistered api.prod a1\n');
  t.deepEqual(asked, ['GET /v1/status', `DELETE ${path}`]);
  const foreign = await isthmus(['deregister', 'api.prod.other', 'a1'], { env });
  t.regex(foreign.stderr, /^error NAME_INVALID/);
  t.is(foreign.code, 65);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`register --heartbeat beats until ${signal}, then deregisters`, async (t) => {
    let beats = 0;
    // The second beat fails, the third finds a gateway that has forgotten: it registers again.
    const codes = [200, 503, 404];
    const { asked, bodies, env } = await gateway(t, () => codes[beats++] ?? 200);
    const line = 'register api.prod --id a1 --address 10.0.0.5:8080 --ttl 150ms --heartbeat';
    const child = start(process.execPath, [bin, ...line.split(' ')], { env });
    const end = ended(child);
    await until('beats after registering again', () => beats >= 5);
    child.kill(signal);
    const { code, stderr, stdout } = await end;
    t.is(stdout, 'registered api.prod a1 at 10.0.0.5:8080\n');
    t.is(stderr, 'warning: DRAINING: Not now\nderegistered api.prod a1\n');
    t.is(code, 0);
    t.is(bodies.length, 2);
    t.is(asked.at(-1), `DELETE ${path}`);
  });
}

test('register --heartbeat without --ttl lives fifteen seconds', async (t) => {
  const { asked, bodies, env } = await gateway(t);
  const line = 'register api.prod --id a1 --address 10.0.0.5:8080 --heartbeat';
  const child = start(process.execPath, [bin, ...line.split(' ')], { env });
  const end = ended(child);
  let shown = '';
  child.stdout?.on('data', (text) => {
    shown += text;
  });
  await until('it is registered', () => shown.includes('registered'));
  child.kill('SIGTERM');
  t.is((await end).code, 0);
  t.like(bodies[0], { ttl: '15s' });
  t.deepEqual(asked, [`PUT ${path}`, `DELETE ${path}`]);
});
