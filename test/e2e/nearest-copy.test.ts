/** Specifies that requests go to the nearest copy, as `explain` says, whatever is lost. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import type { ExplainAnswer, Finding } from '../../gateway/control/api/answers.ts';
import { type Cluster, checksOut, federate, servedBy, settled } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before('three clusters are joined; dc2 is nearer than dc3', async () => {
  ({ dc1, dc2, dc3 } = await federate(shared, {
    dc1: { instances: 2 },
    dc2: { rttMs: 20 },
    dc3: { rttMs: 120 },
  }));
});

test.afterEach.always('everything is well again', async () => {
  for (const { instances } of [dc1, dc2, dc3]) {
    for (const instance of instances) instance.healthy = true;
  }
  await settled([dc1, dc2, dc3]);
  for (const cluster of [dc1, dc2, dc3]) await settlesAt(cluster);
});

async function explained(at: Cluster, ...args: readonly string[]): Promise<ExplainAnswer> {
  return JSON.parse(await at.gateway.isthmusOk(['explain', 'orders.shop', ...args, '-o', 'json']));
}

/** Percent of requests by cluster, as explain has it. */
function sharesOf({ candidates }: ExplainAnswer): Readonly<Record<string, number>> {
  const shares: Record<string, number> = {};
  for (const { cluster, share } of candidates) {
    if (share > 0) shares[cluster] = Math.round((shares[cluster] ?? 0) + share);
  }
  return shares;
}

/** Clusters that serve twenty requests. */
async function clustersServing(from: Cluster): Promise<readonly string[]> {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => from.gateway.request('orders.shop')),
  );
  return [...new Set(answers.map(({ status, cluster }) => cluster ?? `status ${status}`))];
}

/** Waits until all of a cluster's requests stay in it: a failback is over. */
async function settlesAt(cluster: Cluster): Promise<void> {
  await until(`requests of ${cluster.name} to stay there`, async () => {
    const shares = sharesOf(await cluster.gateway.api.get('/v1/explain/orders.shop'));
    return shares[cluster.name] === 100;
  });
}

function fallIll(...clusters: readonly Cluster[]): void {
  for (const { instances } of clusters) {
    for (const instance of instances) instance.healthy = false;
  }
}

test.serial('curl reaches a service by its name with the gateway as its http_proxy', async (t) => {
  const env = {
    PATH: process.env['PATH'],
    http_proxy: `http://${dc1.gateway.listener('outbound')}`,
  };
  const { stdout } = await run('curl', ['-sS', '--fail', 'http://orders.shop.acme/'], { env });
  t.regex(stdout, /^dc1\/orders-[12]$/);
});

test.serial('curl reaches a service by its name in Host', async (t) => {
  const url = `http://${dc2.gateway.listener('outbound')}/`;
  const { stdout } = await run('curl', ['-sS', '--fail', '-H', 'Host: orders.shop.acme', url]);
  t.is(stdout, 'dc2/orders-1');
});

test.serial('every cluster is served by its own instances, all of them', async (t) => {
  for (const cluster of [dc1, dc2, dc3]) {
    const before = cluster.instances.map(({ served }) => served);
    t.deepEqual(await clustersServing(cluster), [cluster.name]);
    cluster.instances.forEach(({ served }, i) => {
      t.true(served > (before[i] ?? 0));
    });
  }
});

test.serial('explain says from every cluster where its requests go', async (t) => {
  for (const cluster of [dc1, dc2, dc3]) {
    const shares = sharesOf(await explained(dc1, '--from', cluster.name));
    t.deepEqual(Object.keys(shares), await clustersServing(cluster));
    t.is(shares[cluster.name], 100);
  }
});

test.serial('what explain says of a lost cluster comes true: the nearest takes over', async (t) => {
  t.deepEqual(sharesOf(await explained(dc1, '--without', 'dc1')), { dc2: 100 });
  fallIll(dc1);
  await servedBy(dc1, dc2);
  t.deepEqual(await clustersServing(dc1), ['dc2']);
  const explanation = await explained(dc1);
  t.deepEqual(sharesOf(explanation), { dc2: 100 });
  const [here] = explanation.candidates.filter(({ cluster }) => cluster === 'dc1');
  t.is(here?.check, 'GET /healthz answers 500', 'what the check says, not only what follows');
});

test.serial('a cluster nobody knows can be imagined neither as caller nor as lost', async (t) => {
  for (const option of ['--without', '--from']) {
    const { code, stderr } = await dc1.gateway.isthmus(['explain', 'orders.shop', option, 'nope']);
    t.is(code, 4);
    t.regex(stderr, /CLUSTER_NOT_FOUND: nope is not a member/);
  }
});

test.serial('with two clusters lost all three are served by the last', async (t) => {
  t.deepEqual(sharesOf(await explained(dc1, '--without', 'dc1', '--without', 'dc2')), { dc3: 100 });
  fallIll(dc1, dc2);
  for (const cluster of [dc1, dc2, dc3]) {
    await servedBy(cluster, dc3);
    t.deepEqual(await clustersServing(cluster), ['dc3']);
    await until('the others to have heard what explain goes by', async () => {
      const shares = sharesOf(await explained(dc3, '--from', cluster.name));
      return shares['dc3'] === 100;
    });
  }
});

test.serial('a federation that is well checks out from every cluster', async (t) => {
  for (const cluster of [dc1, dc2, dc3]) await t.notThrowsAsync(checksOut(cluster));
});

test.serial('check ends with 3 when some instances are ill, with 1 when all are', async (t) => {
  const findings = async (): Promise<readonly Finding[]> => {
    const { stdout } = await dc1.gateway.isthmus(['check', '-o', 'json']);
    return (JSON.parse(stdout) as { findings: readonly Finding[] }).findings;
  };
  const [first, second] = dc1.instances;
  if (!first || !second) throw new Error('dc1 has two instances');
  first.healthy = false;
  await until('the first to be found ill', async () =>
    (await findings()).some(({ level }) => level === 'warning'),
  );
  t.is((await dc1.gateway.isthmus(['check'])).code, 3);

  second.healthy = false;
  await until('both to be found ill', async () =>
    (await findings()).some(({ level }) => level === 'error'),
  );
  const { code, stdout } = await dc1.gateway.isthmus(['check']);
  t.is(code, 1);
  t.regex(stdout, /SERVICE_UNHEALTHY: orders\.shop: 0 of 2 endpoints are healthy here/);
});
