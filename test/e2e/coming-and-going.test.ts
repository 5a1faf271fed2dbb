/** Specifies clusters that come and go while requests are served: one gets another name, one comes back without its data, one is evicted, one is killed as it joins. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { joinTimeoutMs } from '../../cli/admin-client.ts';
import type { TrafficPolicyItem } from '../../gateway/control/api/answers.ts';
import { type EtcdProcess, startEtcd } from '../support/etcd.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate, settled, standalone } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const refused = 5;

const shared = sharedScope(test);
let etcd: EtcdProcess;
/** The ways of dc1 and of east to etcd. */
let etcdOfDc1: TcpProxy;
let etcdOfEast: TcpProxy;
/** The founder, which is renamed to east. */
let dc1: Cluster;
/** Clients alone. */
let dc2: Cluster;
let dc3: Cluster;
let east: Cluster;

async function lineToEtcd(): Promise<TcpProxy> {
  const line = await startTcpProxy({ target: etcd.address });
  shared.teardown(() => line.close());
  return line;
}

const registryBy = ({ address }: { readonly address: string }) => ({
  etcd: { endpoints: [`http://${address}`] },
});

test.before('dc1 founds the federation, dc2 and dc3 join it', async () => {
  etcd = await startEtcd(shared);
  etcdOfDc1 = await lineToEtcd();
  etcdOfEast = await lineToEtcd();
  const { endpoints } = registryBy(etcdOfDc1).etcd;
  ({ dc1, dc2, dc3 } = await federate(shared, {
    dc1: { registry: { etcd: { endpoints, found: true } } },
    dc2: { registry: registryBy(etcd), instances: 0 },
    dc3: { registry: registryBy(etcd) },
  }));
});

function loadAt(t: ExecutionContext, cluster: Cluster): SteadyLoad {
  const load = new SteadyLoad(cluster);
  t.teardown(() => load.stop());
  return load;
}

/** Waits until nobody of `clusters` finds anything of `gone`, nor anything else to say. */
async function cleanWithout(gone: Cluster, clusters: readonly Cluster[]): Promise<void> {
  for (const cluster of clusters) {
    await until(`${cluster.name} to know nothing of ${gone.name}`, async () => {
      return (await cluster.others())[gone.name] === undefined;
    });
    await checksOut(cluster);
  }
}

/** Keys of the registry that are a cluster's, below the federation's root. */
async function keysOf({ name }: Cluster): Promise<readonly string[]> {
  const root = '/isthmus/v1/acme/';
  const keys = await etcdctl(shared, etcd.address)('get', '--prefix', root, '--keys-only');
  return keys
    .split('\n')
    .map((key) => key.slice(root.length))
    .filter((key) => key.split('/')[1] === name && !key.startsWith('audit/'));
}

const document = (scope: string, name: string, algorithm: string) => ({
  ...{ apiVersion: 'isthmus/v1', kind: 'TrafficPolicy' },
  metadata: { name, namespace: 'shop', scope },
  spec: { target: { service: 'orders' }, balance: { algorithm } },
});

/** Which policies are in force at a gateway, and by which cluster's word. */
async function inForceAt({ gateway }: Cluster): Promise<readonly string[]> {
  const paths = ['/v1/traffic-policies', '/v1/federation/traffic-policies'];
  const lists = await Promise.all(paths.map((path) => gateway.items<TrafficPolicyItem>(path)));
  return lists
    .flat()
    .filter(({ inForce }) => inForce)
    .map(({ name, cluster }) => `${name} of ${cluster}`);
}

test.serial(
  'a cluster gets another name: the new one joins beside it, takes over its word and its traffic, and no request is lost',
  async (t) => {
    const policies = join(await tempDir(t), 'policies.json');
    const items = [document('cluster', 'own', 'random'), document('federation', 'all', 'maglev')];
    await writeFile(policies, JSON.stringify({ kind: 'List', apiVersion: 'v1', items }));
    await dc1.gateway.isthmusOk(['apply', '-f', policies]);
    await dc1.gateway.isthmusOk(['grant', 'policy', 'dc3']);
    const loads = [loadAt(t, dc1), loadAt(t, dc2)] as const;

    const check = { http: { path: '/healthz' }, interval: '200ms' };
    const endpoints = dc1.instances.map(({ id, address }) => ({ id, address }));
    east = await standalone(shared, 'east', {
      instances: 0,
      registry: registryBy(etcdOfEast),
      config: {
        region: 'dc1',
        services: [{ name: 'orders', namespace: 'shop', check, endpoints }],
      },
    });
    await east.join(dc1);
    await settled([east, dc1, dc2, dc3]);
    const atEast = loadAt(t, east);

    const early = await dc1.gateway.isthmus(['leave', '--yes']);
    t.is(early.code, refused);
    t.regex(early.stderr, /LEAVE_REFUSED: dc1 is the founder/);
    t.is(await dc1.gateway.isthmusOk(['grant', 'founder', 'east']), 'east is the founder');
    const silent = await dc1.gateway.isthmus(['leave', '--yes']);
    t.is(silent.code, refused);
    t.regex(
      silent.stderr,
      /dc1 wrote policies of the whole federation.*: traffic-policy shop\/all\n/,
    );
    const taken = await until('east to hear that it is the founder', async () => {
      const { code, stdout } = await east.gateway.isthmus(['apply', '--take-over', '-f', policies]);
      return code === 0 ? stdout : undefined;
    });
    t.regex(taken, /shop\/own created\n.*shop\/all of the federation configured/);
    await until('dc2 to go by the word of east', async () => {
      return (await inForceAt(dc2)).join() === 'all of east';
    });

    await east.gateway.isthmusOk(['drain', 'dc1', '--ramp', '1s', '--reason', 'it is east now']);
    await Promise.all(loads.map((load) => load.servedBy(east, dc3)));
    // Its own clients ask at east from now on.
    t.deepEqual(await loads[0].stop(), []);
    await dc1.gateway.isthmusOk(['leave', '--yes']);
    await east.gateway.isthmusOk(['undrain', 'dc1']);
    await cleanWithout(dc1, [east, dc2, dc3]);
    await atEast.servedBy(east);
    t.deepEqual([await loads[1].stop(), await atEast.stop()], [[], []]);
    t.deepEqual([await inForceAt(east), await inForceAt(dc2)], [['own of east'], ['all of east']]);
    t.deepEqual(await keysOf(dc1), ['departures/dc1']);

    // What it founded is there: it joins now, as all others.
    const { registry: _, ...config } = parse(await readFile(dc1.gateway.configPath, 'utf8'));
    await dc1.gateway.configure({ ...config, registry: registryBy(etcdOfDc1) });
  },
);

test.serial(
  'a cluster that lost its data folder comes back by a token that says whose place it takes, and no request is lost',
  async (t) => {
    const load = loadAt(t, dc2);
    await dc3.gateway.kill();
    await rm(dc3.gateway.dataDir, { recursive: true });
    await dc3.start('displaced');
    const lease = 40_000;
    await until(
      'its lease to end',
      async () => (await east.others())['dc3']?.gateways === 0,
      lease,
    );
    const token = await east.token('--replaces', 'dc3');
    await dc3.gateway.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: token });
    await settled([east, dc2, dc3]);
    for (const cluster of [east, dc2, dc3]) await checksOut(cluster);
    t.deepEqual(await load.stop(), []);
  },
);

test.serial(
  'a cluster is evicted while it serves the others: their requests are served elsewhere',
  async (t) => {
    const load = loadAt(t, dc2);
    await east.gateway.isthmusOk(['failover', 'orders.shop', '--to', 'dc3']);
    await load.servedBy(dc3);
    await east.gateway.isthmusOk(['leave', '--yes', '--cluster', 'dc3', '--force']);
    await load.servedBy(east);
    t.deepEqual(await load.stop(), []);
    await east.gateway.isthmusOk(['failover', 'orders.shop', '--undo']);
    await cleanWithout(dc3, [east, dc2]);
    await dc3.gateway.kill();
  },
);

/** What dc1's membership file says that it is. */
async function membershipOfDc1(): Promise<string> {
  const text = await readFile(join(dc1.gateway.dataDir, 'federation.json'), 'utf8');
  return JSON.parse(text).kind;
}

/** Has dc1 join by a token, and kills its gateway as soon as `isThere`. */
async function killedJoining(
  token: string,
  isThere: () => boolean | Promise<boolean>,
): Promise<void> {
  const { api } = dc1.gateway;
  const asked = api.send('POST', '/v1/federation/join', { token }, {}, joinTimeoutMs);
  const ended = asked.then(
    () => 'answered',
    () => 'not answered',
  );
  await until('the join to be there', isThere);
  await dc1.gateway.kill();
  await ended;
}

async function membersAgain(): Promise<void> {
  await settled([east, dc1, dc2]);
  for (const cluster of [east, dc1, dc2]) await checksOut(cluster);
}

async function leavesAgain(): Promise<void> {
  await dc1.gateway.isthmusOk(['leave', '--yes']);
  await cleanWithout(dc1, [east, dc2]);
}

test.serial(
  'killed before it could ask: nothing has changed, and the same token is good',
  async (t) => {
    const token = await east.token();
    const { federation } = east.lines;
    federation.hold();
    const before = federation.accepted;
    await killedJoining(token, () => federation.accepted > before);
    federation.restore();
    await dc1.start();
    t.deepEqual(await keysOf(dc1), ['departures/dc1']);
    await dc1.gateway.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: token });
    await membersAgain();
    await leavesAgain();
  },
);

/** Kills dc1's gateway when it is a member, and has not heard so. */
async function killedUnheard(t: ExecutionContext): Promise<void> {
  const token = await east.token();
  etcdOfEast.setDelay(300);
  await killedJoining(token, async () => (await keysOf(dc1)).includes('clusters/dc1'));
  etcdOfEast.setDelay(0);
  t.is(await membershipOfDc1(), 'joining');
}

test.serial(
  'killed before it heard that it is admitted: it finishes as it starts again',
  async (t) => {
    await killedUnheard(t);
    await dc1.start();
    await membersAgain();
    await leavesAgain();
  },
);

test.serial(
  'killed before it heard that, and cut off from who admitted it: it says so, to another token too, and finishes once it is not',
  async (t) => {
    await killedUnheard(t);
    east.lines.federation.cut();
    await dc1.start();
    const problem = await dc1.gateway.problems();
    t.regex(
      problem[0]?.what ?? '',
      /^east did not answer, so whether it admitted this cluster is not known/,
    );
    const other = { ISTHMUS_TOKEN: await dc2.token() };
    const { stderr } = await dc1.gateway.isthmus(['join', '--yes'], other);
    t.regex(
      stderr,
      /JOIN_CONFLICT: east has admitted this very dc1.*\n {2}fix: It finishes by itself once it reaches east\./,
    );
    east.lines.federation.restore();
    await membersAgain();
    await leavesAgain();
  },
);

test.serial(
  'killed before anybody but the registry heard of it: it can be made to leave, and joins by a new token',
  async (t) => {
    const token = await east.token();
    etcdOfDc1.hold();
    await killedJoining(token, async () => (await membershipOfDc1()) === 'member');
    etcdOfDc1.restore();
    t.is(await dc2.gateway.isthmusOk(['leave', '--yes', '--cluster', 'dc1']), 'dc1 left acme');
    await cleanWithout(dc1, [east, dc2]);
    await dc1.start();
    t.regex((await dc1.gateway.problems())[0]?.what ?? '', /^dc1 was evicted from acme by dc2/);
    await dc1.join(east);
    await membersAgain();
  },
);
