/** Specifies where faults strike, over real gateways: a cluster, a link, a service or a zone, and nothing beside it. */
import test from 'ava';
import type { DrillSpecInput } from '../../federation/drills/model.ts';
import type { ServiceItem } from '../../gateway/control/api/answers.ts';
import { type Cluster, federate } from '../support/federation.ts';
import type { Answer } from '../support/gateway-process.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';
import { becomes, drillAt, inForce, startDrill } from './scene.ts';

const scope = sharedScope(test);
const delayMs = 200;
const services = ['cart.shop', 'cards.shop', 'stock.shop'] as const;
/** dc1 has clients alone, dc2 has the copies: of each service one in zone a and one in zone b. */
let dc1: Cluster;
let dc2: Cluster;

test.before(async () => {
  const config = {
    // Whatever is struck is seen: nothing is tried again, taken out or avoided.
    balance: {
      algorithm: 'round-robin',
      retry: { maxTries: 1 },
      outlier: { consecutive5xx: 0, consecutiveGatewayFailure: 0 },
    },
    timeouts: { perTry: '500ms' },
  };
  ({ dc1, dc2 } = await federate(scope, {
    dc1: { instances: 0, config },
    dc2: { instances: 2, config },
  }));
  for (const service of services) {
    const [name] = service.split('.');
    for (const [i, zone] of ['a', 'b'].entries()) {
      const [address, port] = dc2.instances[i]?.address.split(':') ?? [];
      const path = `/v1/services/shop/${name}/endpoints/${name}-${zone}`;
      await dc2.gateway.api.send('PUT', path, { address, port: Number(port), zone });
    }
  }
  await until('dc1 to know of all of them', async () => {
    const known = await dc1.gateway.items<ServiceItem>('/v1/services');
    return services.every((name) =>
      known.some(({ service, remotes }) => service === name && remotes[0]?.healthy === 2),
    );
  });
});

type Outcome = 'well' | 'slow' | 'failed' | 'lost';

async function ask(at: Cluster, service: string): Promise<{ outcome: Outcome; by: string }> {
  const startedAt = performance.now();
  const { status, body } = await at.gateway.request(service);
  const ms = performance.now() - startedAt;
  return { outcome: outcomeOf(status, ms), by: body };
}

function outcomeOf(status: Answer['status'], ms: number): Outcome {
  if (status === 200) return ms < delayMs ? 'well' : 'slow';
  return status === 500 ? 'failed' : 'lost';
}

const effects = {
  slow: { kind: 'slow', slow: { delay: `${delayMs}ms` } },
  failed: { kind: 'fail', fail: { percent: 100, status: 500 } },
  lost: { kind: 'black-hole' },
} as const satisfies Record<string, Pick<DrillSpecInput, 'kind' | 'slow' | 'fail'>>;

type Struck = keyof typeof effects;

/** Starts a drill whatever it is predicted to break; resolves to its id once it is in force. */
async function begin(how: Struck, where: DrillSpecInput['scope']): Promise<string> {
  const { id } = await startDrill(
    dc1,
    {
      ...effects[how],
      scope: where,
      ...{ ramp: '0s', duration: '60s', guardrails: { errorRate: 1, minHealthy: 0 } },
    },
    '?force=true',
  );
  await inForce(dc1, id);
  return id;
}

async function end(...ids: readonly string[]): Promise<void> {
  for (const id of ids) await dc2.gateway.isthmusOk(['drill', 'abort', id]);
  for (const id of ids) await becomes(dc1, id, 'aborted');
}

/** Waits until requests meet what they should: some of them, asked at once. */
async function meet(at: Cluster, service: string, wanted: Outcome): Promise<void> {
  await until(`${service} asked at ${at.name} to be ${wanted}`, async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask(at, service)));
    return answers.every(({ outcome }) => outcome === wanted);
  });
}

test.serial('a service: it is struck wherever it is asked for, and no other one is', async (t) => {
  const cases = [
    ['slow', 'cart.shop'],
    ['failed', 'cards.shop'],
    ['lost', 'stock.shop'],
  ] as const;
  // They share nothing, and go on beside each other.
  const ids = await Promise.all(cases.map(([how, service]) => begin(how, { service })));
  for (const [how, service] of cases) for (const at of [dc1, dc2]) await meet(at, service, how);
  await meet(dc1, 'orders.shop', 'well');
  await end(...ids);
  for (const [, service] of cases) await meet(dc1, service, 'well');
  t.pass();
});

test.serial(
  'a service that is seldom asked is guarded and reported by its own requests, however many there are for others',
  async (t) => {
    const others = new SteadyLoad(dc1);
    await others.goesOn(100);
    const { id, prediction } = await startDrill(dc1, {
      ...{ kind: 'black-hole', scope: { service: 'stock.shop' } },
      ...{ ramp: '0s', duration: '60s', guardrails: { minHealthy: 0 } },
    });
    t.is(prediction.concern.what, 'requests for stock.shop');
    await inForce(dc1, id);
    let asked = 0;
    await until('the guardrail to end it', async () => {
      asked += 1;
      await ask(dc1, 'stock.shop');
      return (await drillAt(dc1, id)).state !== 'running';
    });
    const { report, abortedBy } = await becomes(dc1, id, 'aborted');
    t.deepEqual(await others.stop(), []);
    t.is(abortedBy?.kind, 'guardrail');
    t.regex(abortedBy?.what ?? '', /^100 % of requests fail \(\d+ of \d+\); 1 % may$/);
    if (!report) return t.fail('there is no report');
    t.is(report.during.errorRate, 1);
    t.true(report.during.requests <= asked, `${report.during.requests} of ${asked}`);
    t.true(
      report.load.every(({ measured }) => measured < 20),
      JSON.stringify(report.load),
    );
  },
);

for (const how of ['slow', 'failed'] as const) {
  test.serial(`a link, ${how}: only what one end sends to the other is struck`, async (t) => {
    const id = await begin(how, { link: { from: 'dc1', to: 'dc2' } });
    await meet(dc1, 'cart.shop', how);
    await meet(dc2, 'cart.shop', 'well');
    await end(id);
    await meet(dc1, 'cart.shop', 'well');
    t.pass();
  });
}

for (const how of ['slow', 'failed', 'lost'] as const) {
  test.serial(`a zone, ${how}: its copies are struck, and those beside it are not`, async (t) => {
    const id = await begin(how, { cluster: 'dc2', zone: 'a' });
    for (const at of [dc1, dc2]) {
      await until(`half of what ${at.name} asks for to be ${how}`, async () => {
        const answers: Awaited<ReturnType<typeof ask>>[] = [];
        for (let i = 0; i < 6; i++) answers.push(await ask(at, 'cart.shop'));
        const [first, second] = [how, 'well'].map((one) =>
          answers.filter((a) => a.outcome === one),
        );
        const inOther = second?.every(({ by }) => by === 'dc2/orders-2');
        return first?.length === 3 && second?.length === 3 && inOther;
      });
    }
    await end(id);
    await meet(dc1, 'cart.shop', 'well');
    t.pass();
  });
}

test.serial(
  'a cluster, lost: whoever asks it gets nothing, and it is back when that ends',
  async (t) => {
    const id = await begin('lost', { cluster: 'dc2' });
    await meet(dc1, 'cart.shop', 'lost');
    await meet(dc2, 'cart.shop', 'lost');
    await end(id);
    await meet(dc1, 'cart.shop', 'well');
    await meet(dc2, 'cart.shop', 'well');
    t.pass();
  },
);
