/** Specifies one process following another without a failed request. */
import { writeFile } from 'node:fs/promises';
import test from 'ava';
import type { IsthmusError } from '../../core/errors.ts';
import type { EndpointItem } from '../../gateway/control/api/answers.ts';
import { type Cluster, checksOut, federate, standalone } from '../support/federation.ts';
import { FreshLoad } from '../support/fresh-load.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

/** A machine that is too busy for its tests is not what is tested here. */
const neverShed = { overload: { lag: '0s' } };

test.serial(
  'new processes take over, one gateway after the other, between two clusters under load: no request fails',
  async (t) => {
    // Every request enters by dc1's outbound listener and crosses to dc2's east-west listener.
    const { dc1, dc2 } = await federate(t, {
      dc1: { instances: 0, config: { ...neverShed, workers: 2 } },
      dc2: { instances: 2, config: { ...neverShed, workers: 2 } },
    });
    const loads = [new SteadyLoad(dc1), new FreshLoad(t, dc1)];
    const goOn = () => Promise.all(loads.map((load) => load.goesOn()));
    await goOn();
    t.is(await dc2.gateway.takeOver(), 0);
    await goOn();
    // dc1 hosts the registry, too.
    t.is(await dc1.gateway.takeOver(), 0);
    await goOn();
    // A successor has a successor.
    t.is(await dc2.gateway.takeOver(), 0);
    await goOn();
    for (const load of loads) t.deepEqual(await load.stop(), []);
    await checksOut(dc1);
    await checksOut(dc2);
    const { gateways } = (await dc1.others())['dc2'] ?? {};
    t.is(gateways, 1, 'the goodbye of the old process withdraws nothing');
  },
);

const scope = sharedScope(test);
/** Of one gateway: each test has it taken over by the next process, the last one in vain. */
let alone: Cluster;

test.before(async () => {
  alone = await standalone(scope, 'dc1', { config: neverShed });
});

/** How often its processes began to hand over. */
function handovers(): number {
  return alone.gateway.logLines({ msg: 'handing over' }).length;
}

test.serial('the old process answers what is in flight, and then ends with 0', async (t) => {
  const { gateway, instances } = alone;
  const [instance] = instances;
  if (!instance) throw new Error('it has an instance');
  instance.hold();
  const answer = gateway.request('orders.shop');
  await until('the request to be at the instance', () => instance.held === 1);
  const code = gateway.takeOver();
  await until('the new process to serve', async () => {
    const [, other] = [await gateway.status(), gateway.request('orders.shop')];
    other.catch(() => undefined);
    return handovers() > 0 && instance.held > 1;
  });
  instance.release();
  t.is((await answer).status, 200);
  t.is(await code, 0);
});

test.serial(
  'what was acknowledged as registered by API, before a takeover or while the new process starts, is there after it',
  async (t) => {
    const { gateway, instances } = alone;
    const [address, port] = instances[0]?.address.split(':') ?? [];
    const register = async (id: string) => {
      const path = `/v1/services/shop/carts/endpoints/${id}`;
      await gateway.api.send('PUT', path, { address, port: Number(port) });
    };
    const registered = ['before'];
    await register('before');
    const before = handovers();
    const over = gateway.takeOver();
    for (let i = 0; handovers() === before; i++) {
      try {
        await register(`during-${i}`);
        registered.push(`during-${i}`);
      } catch (thrown) {
        // Between the two processes nothing is acknowledged.
        t.is((thrown as IsthmusError).code, 'ADMIN_UNREACHABLE');
      }
    }
    t.is(await over, 0);
    t.is((await gateway.request('carts.shop')).status, 200);
    const items = await gateway.items<EndpointItem>('/v1/endpoints?service=carts.shop');
    const there = new Set(items.map(({ id }) => id));
    t.deepEqual(
      registered.filter((id) => !there.has(id)),
      [],
    );
  },
);

test.serial('a new process that can not start leaves everything as it was', async (t) => {
  const { gateway } = alone;
  const { pid = 0 } = await gateway.status();
  const load = new FreshLoad(t, alone);
  await load.goesOn();
  await writeFile(gateway.configPath, 'cluster: [');
  process.kill(pid, 'SIGUSR2');
  await until('it to be refused', () => gateway.logged({ code: 'TAKEOVER_FAILED' }));
  await load.goesOn();
  t.deepEqual(await load.stop(), []);
  t.like(await gateway.status(), { pid, state: 'ready' });
  for (const verb of ['status', 'check']) {
    const { stdout } = await gateway.isthmus([verb]);
    t.regex(stdout, /CONFIG_SYNTAX: .* the one before stays in force: /, verb);
    t.true(stdout.includes(`${gateway.configPath}:1:`), verb);
  }
});
