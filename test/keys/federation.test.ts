/** Specifies what keys do that other clusters are to see, from YAML to what is asked and answered between three clusters. */
import anyTest, { type TestFn } from 'ava';
import type { Prediction } from '../../federation/drills/model.ts';
import type {
  ClusterItem,
  ExplainAnswer,
  Matrix,
  ServiceItem,
} from '../../gateway/control/api/answers.ts';
import { evacuation } from '../drills/scene.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { startOrigin } from '../support/origin.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;
/** The way to dc2 for those in its network. */
let inside: TcpProxy;

test.before('three clusters, of which the farther one is in the region of the first', async () => {
  const { address } = await startOrigin(shared, (_, response) => response.end());
  const busy = await startOrigin(shared, (_, response) => response.writeHead(503).end());
  const service = (name: string, own: object = {}) => ({
    ...{ name, namespace: 'shop', endpoints: [{ id: 'one', address }] },
    ...own,
  });
  const services = [
    ...['web', 'ordered', 'nearest', 'cheapest', 'weighed'].map((name) => service(name)),
    service('kept', { exported: false }),
  ];
  const own = (name: string, balance: object) => ({ name, namespace: 'shop', balance });
  const stays = (at: string) => service('stays', { endpoints: [{ id: 'one', address: at }] });
  inside = await startTcpProxy({ target: '127.0.0.1:1' });
  shared.teardown(() => inside.close());
  ({ dc1, dc2, dc3 } = await federate(shared, {
    dc1: {
      instances: 0,
      config: {
        region: 'eu',
        verify: { every: '1s' },
        services: [
          own('ordered', { clusterOrder: ['dc3'] }),
          own('nearest', { order: 'rtt' }),
          own('cheapest', {
            order: 'cost',
            costs: [
              { from: 'dc2', to: 'dc2', perGb: 0 },
              { from: 'dc1', to: 'dc2', perGb: 0.02 },
              { to: 'dc3', perGb: 0.01 },
            ],
          }),
          own('weighed', {
            algorithm: 'round-robin',
            clusterWeights: [
              { cluster: 'dc2', weight: 1 },
              { cluster: 'dc3', weight: 3 },
            ],
          }),
          own('stays', { retry: { stay: 'datacenter' } }),
        ],
      },
    },
    dc2: {
      instances: 0,
      rttMs: 40,
      config: {
        ...{ region: 'eu', network: 'vpc-1', capacity: 1000 },
        services: [...services, stays(busy.address)],
      },
      privateEastWest: inside.address,
    },
    dc3: {
      instances: 0,
      config: {
        ...{ region: 'us', network: 'vpc-1' },
        quotas: { records: 24, maxBytes: 65_536 },
        services: [...services, stays(address)],
      },
    },
  }));
  inside.setTarget(dc2.gateway.listener('eastWest'));
  await until('dc1 to know what the others have', async () => {
    const known = await dc1.gateway.items<ServiceItem>('/v1/services');
    const healthy = known.flatMap(({ remotes }) => remotes).filter((one) => one.healthy === 1);
    return healthy.length === 12;
  });
});

test.serial('region: a cluster of the same is nearer, whatever its round trip', async (t) => {
  t.is((await dc1.gateway.request('web.shop')).cluster, 'dc2');
  proves(t, 'cluster', 'region');
});

test.serial('clusterOrder: one that is named comes first', async (t) => {
  t.is((await dc1.gateway.request('ordered.shop')).cluster, 'dc3');
  proves(t, 'balance.clusterOrder');
});

test.serial('order: by round trip alone the farther region is nearer', async (t) => {
  await until('round trips to be known', async () => {
    return (await dc1.gateway.request('nearest.shop')).cluster === 'dc3';
  });
  proves(t, 'balance.order');
});

test.serial('costs: where they order clusters the cheapest comes first', async (t) => {
  t.is((await dc1.gateway.request('cheapest.shop')).cluster, 'dc3');
  proves(t, 'balance.costs[].from', 'balance.costs[].to', 'balance.costs[].perGb');
});

test.serial('clusterWeights: clusters that are one tier share its load by weight', async (t) => {
  const { tiers } = await dc1.gateway.api.get<ExplainAnswer>('/v1/explain/weighed.shop');
  t.deepEqual(
    tiers.map(({ name, healthyLoad }) => [name, healthyLoad]),
    [
      ['cluster dc2', 25],
      ['cluster dc3', 75],
    ],
  );
  t.regex(`${tiers[1]?.reason}`, /by weight 3 of 4, in one tier with dc2/);
  const met = new Set<string | undefined>();
  await until('both to have been met', async () => {
    met.add((await dc1.gateway.request('weighed.shop')).cluster);
    return met.size === 2;
  });
  proves(t, 'balance.clusterWeights[].cluster', 'balance.clusterWeights[].weight');
});

test.serial('retry.stay: what a cluster answers is not tried again in another', async (t) => {
  t.is((await dc1.gateway.request('stays.shop')).status, 503);
  proves(t, 'balance.retry.stay');
});

test.serial('exported: false keeps a service at home', async (t) => {
  t.is((await dc2.gateway.request('kept.shop')).status, 200);
  t.is((await dc1.gateway.request('kept.shop')).status, 404);
  proves(t, 'services[].exported');
});

test.serial('verify.every: the other clusters are looked at as often', async (t) => {
  await until('dc1 to have looked', async () => {
    const { pairs } = await dc1.gateway.api.get<Matrix>('/v1/verify');
    return pairs.find(({ from, to }) => from === 'dc1' && to === 'dc2')?.outcome === 'ok';
  });
  proves(t, 'verify.every');
});

test.serial('capacity: predictions of drills go by it', async (t) => {
  const { clusters } = await dc1.gateway.api.send<Prediction>(
    'POST',
    '/v1/drills/predict',
    evacuation,
  );
  t.deepEqual(
    clusters.map(({ cluster, capacity }) => [cluster, capacity]),
    [
      ['dc1', undefined],
      ['dc2', 1000],
      ['dc3', undefined],
    ],
  );
  proves(t, 'capacity');
});

test.serial(
  'network: its gateways come to private addresses, all others to the rest',
  async (t) => {
    const reached = async (from: Cluster) =>
      (await from.others())['dc2']?.reached.map(({ address, scope }) => [address, scope]);
    await until('dc3 to be there privately alone', async () => {
      return `${await reached(dc3)}` === `${inside.address},private`;
    });
    t.deepEqual(await reached(dc1), [[dc2.lines.eastWest.address, 'public']]);
    proves(t, 'network', 'advertise.eastWest[].address', 'advertise.eastWest[].scope');
  },
);

test.serial('advertise: the others come there, and to the registry', async (t) => {
  t.true(dc1.lines.federation.accepted > 0, 'the others joined there');
  t.true(dc1.lines.registry.connections > 0);
  const seen = await dc1.gateway.items<ClusterItem>('/v1/clusters');
  t.deepEqual(seen.find(({ cluster }) => cluster === 'dc2')?.eastWest, [
    dc2.lines.eastWest.address,
  ]);
  t.true(dc2.lines.eastWest.connections > 0);
  proves(t, 'advertise.federation', 'registry.embedded.listen', 'registry.embedded.advertise');
});

test.serial(
  'quotas: what would be more records, or bytes of them, than a cluster may have in the registry is refused at its registration',
  async (t) => {
    const { api } = dc3.gateway;
    const at = (id: string) => `/v1/services/flood/one/endpoints/${id}`;
    const fill = async (labels: Record<string, string>): Promise<[number, string]> => {
      const ids: string[] = [];
      const refusal = await until('one to be refused', async () => {
        const id = `e${ids.length}`;
        try {
          await api.send('PUT', at(id), { address: '127.0.0.1', port: 1, labels, exported: false });
          ids.push(id);
          return undefined;
        } catch (thrown) {
          return thrown as Error;
        }
      });
      for (const id of ids) await api.send('DELETE', at(id));
      return [ids.length, refusal.message];
    };
    const [many, records] = await fill({});
    t.regex(records, /quotas.records is 24/);
    const large = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`l${i}`, 'x'.repeat(255)]),
    );
    await until('the registry to have let them go', async () => {
      const [few, bytes] = await fill(large);
      return few < many && /quotas.maxBytes is 65536/.test(bytes);
    });
    proves(t, 'quotas.records', 'quotas.maxBytes');
  },
);
