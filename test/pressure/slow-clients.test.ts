/** Specifies that thousands of slow clients are cut off in time, and meanwhile cost nobody else a request. */
import anyTest, { type TestFn } from 'ava';
import { startOrigin } from '../support/origin.ts';
import { sharedScope } from '../support/shared.ts';
import { type SlowClient, slowClients } from '../support/slow-clients.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { hostOf, type TwoClusters, twoClusters } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
let clusters: TwoClusters;
/** Requests that reached the service. */
const arrived = new Set<string | undefined>();

test.before('a service in dc2', async () => {
  const origin = await startOrigin(shared, (request, response) => {
    arrived.add(request.url);
    request.resume();
    response.end('here');
  });
  clusters = await twoClusters(shared, [{ name: 'orders', addresses: [origin.address] }]);
});

/** Slow clients by what they dribble. */
const dribbled = {
  'half a request line': { begins: '', goesOn: 'GET /slow-line/' },
  'a head without end': {
    begins: `GET /slow-head HTTP/1.1\r\nHost: ${host}\r\n`,
    goesOn: 'X-More: and more\r\n',
  },
};

test.serial(
  '2,000 clients that dribble their heads: 408 for them, and 200 for all others',
  async (t) => {
    const load = new SteadyLoad(clusters.dc1);
    t.teardown(() => load.stop());
    await load.servedBy(clusters.dc2);
    const address = clusters.dc1.gateway.listener('outbound');
    const all: SlowClient[] = [];
    for (const what of Object.values(dribbled)) {
      const how = { count: 1_000, everyMs: 500, ...what };
      all.push(...(await slowClients(t, address, how)));
    }
    await load.goesOn();
    t.true(
      all.every(({ isClosed }) => !isClosed),
      'the slow ones are there meanwhile',
    );
    await until('all slow ones to be cut off', () => all.every(({ isClosed }) => isClosed), 30_000);
    for (const { answer } of all) {
      if (!answer.startsWith('HTTP/1.1 408 ')) t.fail(`answered ${JSON.stringify(answer)}`);
    }
    t.deepEqual(await load.stop(), []);
    t.deepEqual([...arrived], ['/']);
  },
);
