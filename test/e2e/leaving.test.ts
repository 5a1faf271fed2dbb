/** Specifies clusters that leave, are evicted, and come back: most of it of dc3, which each test leaves a member again. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import type { ExportItem, ServiceItem } from '../../gateway/control/api/answers.ts';
import { type Cluster, checksOut, federate, settled } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const refused = 5;

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  // dc1 hosts the registry.
  ({ dc1, dc2, dc3 } = await federate(scope, { dc1: {}, dc2: {}, dc3: {} }));
});

/** Waits until `cluster` knows nothing of `gone` any more: no record, no copies, no link. */
async function forgets(cluster: Cluster, gone: Cluster): Promise<void> {
  await until(`${cluster.name} to know nothing of ${gone.name}`, async () => {
    const exports = await cluster.gateway.items<ExportItem>('/v1/exports');
    const services = await cluster.gateway.items<ServiceItem>('/v1/services');
    return (
      (await cluster.others())[gone.name] === undefined &&
      exports.every((item) => item.cluster !== gone.name) &&
      services.every(({ remotes }) => remotes.every((remote) => remote.cluster !== gone.name))
    );
  });
}

const membershipFile = ({ gateway }: Cluster) => join(gateway.dataDir, 'federation.json');

/** Clusters whose bundle a gateway keeps on its disk. */
async function believedBy(cluster: Cluster): Promise<readonly string[]> {
  const { pins } = JSON.parse(await readFile(membershipFile(cluster), 'utf8')) as { pins: object };
  return Object.keys(pins).sort();
}

/** Waits until a gateway says in its status that it is a member no more. */
async function saysItIsOut({ gateway }: Cluster): Promise<void> {
  await until(`${gateway.name} to say that it is no member`, async () =>
    (await gateway.problems()).some(({ code }) => code === 'NOT_A_MEMBER'),
  );
}

test.serial('the cluster that hosts the registry can not leave while others use it', async (t) => {
  const left = await dc1.gateway.isthmus(['leave', '--yes']);
  t.is(left.code, refused);
  t.regex(left.stderr, /^error LEAVE_REFUSED: /m);
  await settled([dc1, dc2, dc3]);
  t.is((await dc2.others())['dc1']?.state, 'up');
});

test.serial('a cluster leaves: the others forget it, and it is on its own', async (t) => {
  t.is(await dc3.gateway.isthmusOk(['leave', '--yes']), 'dc3 left acme');
  for (const cluster of [dc1, dc2]) await forgets(cluster, dc3);
  await until('its bundle to be believed no more', async () => {
    const believed = [await believedBy(dc1), await believedBy(dc2)];
    return believed.join(' ') === 'dc2 dc1';
  });
  t.deepEqual(await dc3.others(), {});
  t.is((await dc3.gateway.status()).registry.kind, 'standalone');
  t.is((await dc3.gateway.request('orders.shop')).body, 'dc3/orders-1');
  await checksOut(dc1);

  // What it knew then is of no use now, whatever it is.
  await writeFile(join(dc3.gateway.dataDir, 'snapshot.jsonl'), 'of another time');
  await dc3.join(dc1);
  await settled([dc1, dc2, dc3]);
  t.false(dc3.gateway.logged({ msg: 'starting without the cached snapshot' }));
});

test.serial('a cluster that joins again offers the others what it offered before', async (t) => {
  const kept = join(dc3.gateway.dataDir, 'snapshot.jsonl');
  const summary = '/exports/dc3/shop/orders';
  await until('its own summary to be on its disk', async () =>
    (await readFile(kept, 'utf8')).includes(summary),
  );
  await dc3.gateway.isthmusOk(['leave', '--yes']);
  for (const cluster of [dc1, dc2]) await forgets(cluster, dc3);
  await dc3.join(dc1);
  await settled([dc1, dc2, dc3]);
  await until('nothing to be held, or wrong', async () => {
    return (await dc3.gateway.problems()).length === 0;
  });
  t.pass();
});

test.serial(
  'an evicted cluster that comes back is refused, says so, and can join anew',
  async (t) => {
    await dc3.gateway.kill();
    t.is(
      await dc2.gateway.isthmusOk(['leave', '--yes', '--cluster', 'dc3', '--force']),
      'dc3 left acme',
    );
    for (const cluster of [dc1, dc2]) await forgets(cluster, dc3);

    await dc3.start();
    await saysItIsOut(dc3);
    t.is((await dc3.gateway.isthmus(['status'])).code, 3);
    t.is((await dc3.gateway.isthmus(['check'])).code, 1);
    t.is((await dc3.gateway.request('orders.shop')).cluster, 'dc3');
    for (const cluster of [dc1, dc2]) await forgets(cluster, dc3);

    // As it is told to.
    await dc3.join(dc1);
    await settled([dc1, dc2, dc3]);
  },
);

test.serial(
  'security: a cluster that left is refused, also with the membership it had',
  async (t) => {
    const membership = await readFile(membershipFile(dc3));
    await dc3.gateway.isthmusOk(['leave', '--yes']);
    for (const cluster of [dc1, dc2]) await forgets(cluster, dc3);
    await dc3.gateway.kill();
    await writeFile(membershipFile(dc3), membership);
    await dc3.start();

    await until('its links to be refused', async () => {
      const others = await dc3.others();
      return others['dc1']?.state === 'down' && others['dc2']?.state === 'down';
    });
    await dc3.killInstances();
    await until('nothing to be left to serve it', async () => {
      return (await dc3.gateway.request('orders.shop')).status === 503;
    });
    t.deepEqual(Object.keys(await dc1.others()), ['dc2']);
    t.is((await dc1.gateway.request('orders.shop')).cluster, 'dc1');

    await dc3.startInstances();
    await dc3.join(dc1);
    await settled([dc1, dc2, dc3]);
  },
);

test.serial(
  'a dead cluster is evicted by the host of the registry, once its lease has ended',
  async (t) => {
    const alive = await dc1.gateway.isthmus(['leave', '--yes', '--cluster', 'dc3']);
    t.is(alive.code, refused);
    t.regex(alive.stderr, /^error LEAVE_REFUSED: dc3 still has 1 live gateway/m);

    await dc3.gateway.kill();
    await until(
      'its lease to end',
      async () => (await dc1.others())['dc3']?.gateways === 0,
      40_000,
    );
    t.is(await dc1.gateway.isthmusOk(['leave', '--yes', '--cluster', 'dc3']), 'dc3 left acme');
    for (const cluster of [dc1, dc2]) await forgets(cluster, dc3);
  },
);

/** For how long dials are counted, and how many there may be: one back-off that begins with short rests, and a question now and then. */
const countedMs = 10_000;
const dialsAllowed = 9;

test.serial(
  'a cluster that is evicted while it runs notices, and asks at the registry once in a while, not all the time',
  async (t) => {
    // With dc3 dead, none but dc2 dials.
    await dc1.gateway.isthmusOk(['leave', '--yes', '--cluster', 'dc2', '--force']);
    await saysItIsOut(dc2);
    const { registry } = dc1.lines;
    await until('the registry to have cut it off', async () => {
      return (await dc2.gateway.status()).registry.kind === 'unavailable';
    });
    const before = registry.accepted;
    await setTimeout(countedMs);
    t.true(registry.accepted - before <= dialsAllowed);
    await forgets(dc1, dc2);
  },
);

test.serial('a cluster that was evicted while it runs serves its own on', async (t) => {
  const { code, stdout } = await dc2.gateway.isthmus(['status']);
  t.is(code, 3);
  t.regex(
    stdout,
    /problem NOT_A_MEMBER: dc2 was evicted from acme by dc1 at 20.*\n {2}fix: To come back: /,
  );
  t.is((await dc2.gateway.request('orders.shop')).cluster, 'dc2');

  // It has no say in who belongs to the federation, whatever its registry would let it write.
  for (const args of [
    ['leave', '--yes', '--cluster', 'dc1', '--force'],
    ['token', 'create'],
  ]) {
    const { code, stderr } = await dc2.gateway.isthmus(args);
    t.is(code, refused);
    t.regex(stderr, /error NOT_A_MEMBER: dc2 is a member of its federation no more/);
  }

  await until('its links to be missed for long enough to be named', async () => {
    const { unknownSince } = (await dc2.others())['dc1'] ?? {};
    return unknownSince !== undefined && Date.now() - unknownSince > 3_000;
  });
  for (const verb of ['status', 'check']) {
    const said = await dc2.gateway.isthmus([verb]);
    t.regex(said.stdout, /NOT_A_MEMBER: dc2 was evicted/);
    t.notRegex(said.stdout, /PEER_UNREACHABLE|leave --cluster/);
  }
});
