/** Owns the specification of drills over real gateways: what they do to traffic, and that nothing leaves them stuck on. */
import test from 'ava';
import type { Drill } from '../../federation/drills/model.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  ({ dc1, dc2, dc3 } = await federate(scope, {
    dc1: { instances: 2 },
    dc2: { instances: 2 },
    dc3: { instances: 1 },
  }));
});

const evacuation = {
  kind: 'evacuate',
  scope: { cluster: 'dc1' },
  ramp: '500ms',
  duration: '2s',
  objectives: { rto: '5s' },
};

function start(at: Cluster, spec: object, query = ''): Promise<Drill> {
  return at.gateway.api.send<Drill>('POST', `/v1/drills${query}`, spec);
}

function drillAt(at: Cluster, id: string): Promise<Drill> {
  return at.gateway.api.get<Drill>(`/v1/drills/${id}`);
}

async function over(at: Cluster, id: string, state: Drill['state']): Promise<Drill> {
  return until(
    `${id} to be ${state}`,
    async () => {
      const drill = await drillAt(at, id);
      return drill.state === state ? drill : undefined;
    },
    30_000,
  );
}

test.serial(
  'an evacuation moves traffic away, brings it back, and reports what it did',
  async (t) => {
    const load = new SteadyLoad(dc1);
    await load.servedBy(dc1);
    const { id, state } = await start(dc1, evacuation);
    t.is(state, 'pending');
    await load.servedBy(dc2, dc3);
    const drill = await over(dc1, id, 'done');
    await load.servedBy(dc1);
    t.deepEqual(await load.stop(), []);
    t.log(JSON.stringify(drill, null, 1).slice(0, 6000));
    t.is(drill.outcome, 'passed');
  },
);
