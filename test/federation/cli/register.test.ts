/** Specifies registering endpoints: what is sent, and an endpoint that lives as long as its command. */
import test, { type ExecutionContext } from 'ava';
import { registration } from '../../../federation/cli/registration.ts';
import { until } from '../../support/until.ts';
import { endpoint, status } from './answers.ts';
import { adminAt, bin, ended, isthmus, start } from './command.ts';

const path = '/v1/services/prod/api/endpoints/a1';

/** A gateway that records each request; heartbeats are answered as `heartbeat` says. */
async function gateway(t: ExecutionContext, heartbeat: () => number = () => 200, published = true) {
  const asked: string[] = [];
  const bodies: unknown[] = [];
  const env = await adminAt(t, (app) => {
    app.addHook('preHandler', async ({ method, url }) => {
      asked.push(`${method} ${url}`);
    });
    app.get('/v1/status', () => status);
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
  const { code, stdout } = await isthmus(line.split(' '), { env });
  t.is(stdout, 'registered api.prod a1 at 10.0.0.5:8080\n');
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

test('a tcp check and an export are sent as such', (t) => {
  const { body } = registration({ address: 'a:1', checkTcp: true, export: true });
  t.like(body, { check: { tcp: true }, exported: true });
});

test('an endpoint that the registry does not have yet is registered with a warning', async (t) => {
  const { env } = await gateway(t, undefined, false);
  const run = await isthmus(['register', 'api.prod', '--id', 'a1', '--address', 'a:1'], { env });
  t.regex(run.stderr, /^warning: the registry is out of reach/);
  t.is(run.code, 0);
});

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
