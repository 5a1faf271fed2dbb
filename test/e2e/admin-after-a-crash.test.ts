/** Specifies what of the admin API outlives a gateway's end, and what the others' say of it meanwhile. */
import test from 'ava';
import type {
  AuditItem,
  ExplainAnswer,
  GraphAnswer,
  PastAnswer,
  PastChanges,
} from '../../gateway/control/api/answers.ts';
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

/** When dc1 wrote down that it is linked to dc2 and knows of its copies. */
let linkedAt: string;

test.serial('what is believed is written down, and known after kill -9', async (t) => {
  const past = await until('dc1 to have written that dc2 is linked', async () => {
    const answer = await dc1.gateway.api.get<PastAnswer>('/v1/history');
    const names = answer.facts.map(({ name }) => name);
    const { fact } = answer.facts.find(({ name }) => name === 'cluster/dc2') ?? {};
    return fact?.['link'] === 'up' && names.includes('service/orders.shop') ? answer : undefined;
  });
  t.like(past, { cluster: 'dc1', gateway: 'gateway-1' });
  const dc2Fact = past.facts.find(({ name }) => name === 'cluster/dc2')?.fact;
  t.like(dc2Fact, { trustDomain: 'dc2.acme', confirmed: true, gateways: ['gateway-1'] });
  linkedAt = new Date(past.at).toISOString();
  await dc1.gateway.kill();
  await dc1.start();
  const again = await dc1.gateway.api.get<PastAnswer>(`/v1/history?at=${linkedAt}`);
  t.deepEqual(again.facts, past.facts);
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

test.serial(
  'what was believed before a cluster was lost differs from now, and is decided by again',
  async (t) => {
    const changed = await until('dc1 to have written that dc2 is lost', async () => {
      const answer = await dc1.gateway.api.get<PastChanges>(
        `/v1/history/changes?from=${linkedAt}&about=cluster/dc2`,
      );
      return answer.items.find(({ changes }) => changes.some(({ field }) => field === 'link'));
    });
    t.like(changed, { name: 'cluster/dc2', change: 'changed' });
    const explained = ['explain', 'orders.shop', '--without', 'dc1', '-o', 'json'];
    const then = JSON.parse(await dc1.gateway.isthmusOk([...explained, '--at', linkedAt]));
    const now = JSON.parse(await dc1.gateway.isthmusOk(explained));
    const linkTo = ({ candidates }: ExplainAnswer) =>
      candidates.find(({ cluster }) => cluster === 'dc2')?.link;
    t.is(linkTo(then), 'up');
    t.not(linkTo(now), 'up');
    t.regex(then.notes[0], /^By what was believed at /);
    const shown = await dc1.gateway.isthmusOk(['history', 'diff', linkedAt, '--about', 'cluster/']);
    t.regex(shown, /^cluster\/dc2 changed\n(?:.*\n)* {4}~ link: up -> /m);
    const early = await dc1.gateway.isthmus(['history', '--at', '2020-01-01']);
    t.regex(early.stderr, /HISTORY_NOT_KEPT/);
  },
);
