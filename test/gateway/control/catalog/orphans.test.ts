/** Specifies what becomes of endpoints whose gateway was lost, with real probes of real ports. */
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../../../core/log.ts';
import { Orphans, probeIntervalMs } from '../../../../gateway/control/catalog/orphans.ts';
import { HealthChecker } from '../../../../gateway/control/health/checker.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import type { EndpointRecord } from '../../../../registry/model.ts';
import type { HeldEndpoint, ServiceView } from '../../../../registry/snapshot.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { closedPort, startOrigin } from '../../data/request/scene.ts';
import { cart, endpointRecord } from '../../records.ts';

function open(t: ExecutionContext) {
  const clock = new ManualClock();
  const { lookup } = new NameResolver({ clock, log: silentLog });
  const checker = new HealthChecker({ clock, random: () => 0, lookup });
  t.teardown(() => checker.close());
  const told: string[] = [];
  const orphans = new Orphans(
    checker,
    (service) => told.push(`changed ${service}`),
    (service, id) => told.push(`forget ${service}/${id}`),
  );
  const checked = () => checker.status('orphan:cart.shop/cart-1');
  return { orphans, checker, clock, told, checked };
}

function service(...held: HeldEndpoint[]): ServiceView {
  const endpoints = new Map(held.map((one) => [one.record.id, one]));
  return { service: cart, endpoints, exports: new Map() };
}

const orphan = (more: Partial<EndpointRecord>): HeldEndpoint => ({
  record: endpointRecord('cart-1', { address: '127.0.0.1', ...more }),
  orphaned: true,
});

test('the more orphans there are, the less often one more is probed: ten thousand make some hundred probes a second', (t) => {
  t.is(probeIntervalMs(1), 2_000);
  t.is(probeIntervalMs(200), 2_000);
  t.is(probeIntervalMs(1_000), 10_000);
  let perSecond = 0;
  for (let i = 1; i <= 10_000; i++) perSecond += 1_000 / probeIntervalMs(i);
  t.true(perSecond > 100 && perSecond < 500, `${perSecond}`);
});

test('an endpoint whose gateway stands is as its record says, and nobody probes it', (t) => {
  const { orphans, checked } = open(t);
  const held = { record: endpointRecord('cart-1', { health: 'degraded' }), orphaned: false };
  orphans.follow(cart, service(held));
  t.is(orphans.current(held), held.record);
  t.is(checked(), undefined);
});

test('an orphan keeps the health it had until it is probed, then has what the probe says', async (t) => {
  const { orphans, told, clock } = open(t);
  const { port } = await startOrigin(t, 'cart-1');
  const held = orphan({ port, health: 'unhealthy' });
  orphans.follow(cart, service(held));
  t.is(orphans.current(held).health, 'unhealthy');
  clock.advance(1_000);
  await until('the probe', () => told.length === 1);
  t.deepEqual(told, ['changed cart.shop']);
  t.is(orphans.current(held).health, 'healthy');
});

test('an orphan on whose port nobody listens is forgotten', async (t) => {
  const { orphans, told, clock } = open(t);
  const held = orphan({ port: await closedPort() });
  orphans.follow(cart, service(held));
  await until('it is given up', () => {
    clock.advance(500);
    return told.length > 0;
  });
  t.deepEqual(told, ['forget cart.shop/cart-1']);
});

for (const [what, after] of [
  ['is registered again', service({ record: endpointRecord(), orphaned: false })],
  ['is gone', service()],
  ['is gone with its service', undefined],
] as const) {
  test(`an orphan that ${what} is probed no more`, (t) => {
    const { orphans, checked } = open(t);
    orphans.follow(cart, service(orphan({})));
    t.truthy(checked());
    orphans.follow(cart, after);
    t.is(checked(), undefined);
  });
}

test('an orphan that is told of again is probed on, not anew', async (t) => {
  const { orphans, clock, told } = open(t);
  const { port } = await startOrigin(t, 'cart-1');
  const held = orphan({ port, health: 'unknown' });
  orphans.follow(cart, service(held));
  clock.advance(1_000);
  await until('the probe', () => told.length === 1);
  orphans.follow(cart, service(held));
  t.is(orphans.current(held).health, 'healthy');
});
