/** Specifies how a gateway stops: in good order, or at once. */
import test from 'ava';
import { type Cluster, federate } from '../support/federation.ts';
import { until } from '../support/until.ts';

/** A request to the gateway of `asked` that an instance of `serving` has and does not answer. */
async function requestInFlight(asked: Cluster, serving: Cluster) {
  const [instance] = serving.instances;
  if (!instance) throw new Error(`${serving.name} has no instance`);
  instance.hold();
  const answer = asked.gateway.request('orders.shop');
  await until('the request to be at the instance', () => instance.held > 0);
  return { instance, answer };
}

test.serial(
  'a request in flight is answered before a gateway that is told to stop ends with 0',
  async (t) => {
    const { dc1 } = await federate(t, { dc1: {} });
    const { instance, answer } = await requestInFlight(dc1, dc1);

    const code = dc1.gateway.stop();
    await until('new connections to be refused', () =>
      dc1.gateway.request('nobody.shop').then(
        () => false,
        () => true,
      ),
    );
    instance.release();
    t.is((await answer).status, 200);
    t.is(await code, 0);
  },
);

test.serial(
  'a request from another cluster is answered before the gateway that serves it ends',
  async (t) => {
    const { dc1, dc2 } = await federate(t, { dc1: { instances: 0 }, dc2: {} });
    const { instance, answer } = await requestInFlight(dc1, dc2);

    const code = dc2.gateway.stop();
    await until('dc2 to be gone for dc1', async () => (await dc1.others())['dc2']?.gateways === 0);
    instance.release();
    t.is((await answer).body, 'dc2/orders-1');
    t.is(await code, 0);
  },
);

test.serial('a second request to stop ends a gateway at once', async (t) => {
  const { dc1 } = await federate(t, { dc1: {} });
  const { answer } = await requestInFlight(dc1, dc1);
  const code = dc1.gateway.stop();
  await until('it to drain', () => dc1.gateway.logged({ msg: 'draining' }));
  const cut = t.throwsAsync(answer);
  await until('it to have ended', async () => {
    if (dc1.gateway.running) process.kill(dc1.gateway.pid ?? 0, 'SIGTERM');
    return !dc1.gateway.running;
  });
  t.is(await code, 1);
  await cut;
});

test.serial(
  'a stop that reaches the whole process group, and so the gateway twice, still drains',
  async (t) => {
    const { dc1 } = await federate(t, { dc1: {} });
    const { instance, answer } = await requestInFlight(dc1, dc1);

    const pid = dc1.gateway.pid ?? 0;
    const code = dc1.gateway.stop();
    process.kill(-pid, 'SIGTERM');
    await until('it to drain', () => dc1.gateway.logged({ msg: 'draining' }));
    instance.release();
    t.is((await answer).status, 200);
    t.is(await code, 0);
  },
);
