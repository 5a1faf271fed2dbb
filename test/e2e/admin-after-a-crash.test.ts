/** Specifies what of the admin API outlives a gateway's end, and what the others' say of it meanwhile. */
import test from 'ava';
import type { AuditItem, GraphAnswer } from '../../gateway/control/api/answers.ts';
import { adminRequest } from '../support/admin-request.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;

test.before(async () => {
  ({ dc1, dc2 } = await federate(scope, { dc1: {}, dc2: {}, dc3: { instances: 0 } }));
});

test.serial('the audit outlives the gateway, and holds no secret', async (t) => {
  const secret = 'isthmus-join-secret-7';
  await adminRequest(dc2.gateway, '/v1/federation/join?token=also', {
    method: 'POST',
    body: { token: secret },
  });
  const before = await dc2.gateway.items<AuditItem>('/v1/audit');
  t.like(before.at(-1), { path: '/v1/federation/join', who: 'local', status: 409 });
  t.false(JSON.stringify(before).includes(secret));
  await dc2.gateway.kill();
  await dc2.start();
  const after = await dc2.gateway.items<AuditItem>('/v1/audit');
  t.deepEqual(after.slice(0, before.length), before);
});

test.serial('what was answered is in the audit after kill -9, with what it changed', async (t) => {
  await adminRequest(dc1.gateway, '/v1/log-level', { method: 'PUT', body: { level: 'warn' } });
  await dc1.gateway.kill();
  await dc1.start();
  const { json } = await adminRequest(dc1.gateway, '/v1/audit?since=2026-01-01T00:00:00Z');
  const items = json['items'] as readonly AuditItem[];
  t.like(items.at(-1), {
    ...{ operation: 'putLogLevel', via: 'local', from: 'socket', status: 200 },
    changes: [{ field: 'level', before: 'info', after: 'warn' }],
  });
  const joined = items.find(
    ({ operation, object }) => operation === 'Join' && object === 'cluster dc2',
  );
  t.like(joined, { via: 'join-token', role: 'none', status: 200 });
  t.regex(joined?.who ?? '', /^token [\da-f]+$/);
});

test.serial(
  'a cluster that can not be reached is said to be missing, and the rest is shown',
  async (t) => {
    await dc2.gateway.kill();
    const { status, json } = await adminRequest(dc1.gateway, '/clusters/dc2/v1/status');
    t.deepEqual([status, json['code']], [502, 'PEER_UNREACHABLE']);
    await until('the graph to say so', async () => {
      const { missing } = await dc1.gateway.api.get<GraphAnswer>('/v1/graph');
      return missing.includes('dc2') && !missing.includes('dc3');
    });
    t.pass();
  },
);
