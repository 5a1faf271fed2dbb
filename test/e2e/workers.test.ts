/** Specifies the threads of a real gateway: requests spread over them, one that hangs or dies, one with too much to do. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { WorkerStatus } from '../../gateway/control/workers/status.ts';
import { federate, inspected, standalone } from '../support/federation.ts';
import type { GatewayProcess, Scope } from '../support/gateway-process.ts';
import type { Inspector } from '../support/inspector.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const defect = 'setTimeout(() => { throw new Error("a defect") }, 0)';
/** Without rest for the event loop, and with rest for the machine. */
const endless = 'for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);';
const hoard = 'const kept = []; for (;;) kept.push(new Array(1e6).fill(0.5));';
/** Keeps a worker's event loop busy until `rest`, and so late that it is overloaded also where others have most of its core. */
const toil = `globalThis.toil = setInterval(() => {
  for (const end = Date.now() + 520; Date.now() < end;);
}, 1)`;
/** Keeps it late and from its core, as a container's quota does, until `rest`: five times later than `strict` has it. */
const starve = `globalThis.toil = setInterval(() => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}, 1)`;
const standStill = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000)';
const strict = { overload: { lag: '20ms' } };
const rest = 'clearInterval(globalThis.toil)';
const work = 'Array.from({ length: 1e6 }, (_, i) => ({ i }))';
/** Says every second whether the event loop turned fewer than `most` times in it. */
const countTurns = (thread: string, most: number) => `{
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount;
  let before = turns();
  setInterval(() => {
    const turned = turns() - before;
    before += turned;
    console.error(JSON.stringify({ msg: '${thread} counted', rests: String(turned < ${most}), turned }));
  }, 1_000);
}`;

function workersOf(gateway: GatewayProcess): Promise<readonly WorkerStatus[]> {
  return gateway.items<WorkerStatus>('/v1/workers');
}

interface Opened {
  readonly gateway: GatewayProcess;
  readonly inspector: Inspector;
}

const scope = sharedScope(test);
/** Of two workers, and of one; each test leaves them as it found them. */
let two: Opened;
let one: Opened;

test.before(async () => {
  [two, one] = await Promise.all([open(scope, { workers: 2 }), open(scope, { workers: 1 })]);
});

/** A gateway with its instance, into whose threads code can be put. */
async function open(t: Scope, config: object): Promise<Opened> {
  const { cluster, inspector } = await inspected(t, 'dc1', { config });
  const { gateway } = cluster;
  await until('the instance to be known as healthy', async () => {
    return (await gateway.request('orders.shop')).status === 200;
  });
  return { gateway, inspector };
}

/** A kept connection of a client, and the worker that has it. */
async function connectionTo(t: ExecutionContext, gateway: GatewayProcess, worker: number) {
  for (;;) {
    const [host, port] = gateway.listener('outbound').split(':');
    const socket = connect(Number(port), host);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    const before = await workersOf(gateway);
    await ask(socket);
    const after = await workersOf(gateway);
    if ((after[worker]?.served ?? 0) > (before[worker]?.served ?? 0)) return socket;
    socket.destroy();
  }
}

/** The status of the answer to one more request on a connection. */
async function ask(socket: Socket): Promise<string> {
  const answer = once(socket, 'data');
  socket.write('GET / HTTP/1.1\r\nhost: orders.shop.acme\r\n\r\n');
  const [data] = await answer;
  return String(data).slice(0, 'HTTP/1.1 200'.length);
}

async function inEachWorker(inspector: Inspector, workers: number, code: string): Promise<void> {
  for (let i = 0; i < workers; i++) await inspector.runInWorker(`data ${i}`, code);
}

test.serial('requests are spread over the workers, all behind one port', async (t) => {
  const { gateway } = await standalone(t, 'dc1', { config: { workers: 4 } });
  await until('each worker to have served', async () => {
    await Promise.all(Array.from({ length: 16 }, () => gateway.request('orders.shop')));
    return (await workersOf(gateway)).every(({ served }) => served > 0);
  });
  // A client has its answer a moment before its worker says that nothing is in flight.
  const workers = await until('nothing to be in flight', async () => {
    const seen = await workersOf(gateway);
    return seen.every(({ inFlight }) => inFlight === 0) ? seen : undefined;
  });
  t.deepEqual(
    workers.map(({ worker, state }) => [worker, state]),
    [0, 1, 2, 3].map((worker) => [worker, 'serving']),
  );
  t.true(workers.every(({ restarts }) => restarts === 0));
});

for (const [situation, code, said] of [
  ['fails', defect, { code: 'WORKER_DIED', message: 'Worker 0 ended: a defect' }],
  ['runs out of memory', hoard, { code: 'WORKER_DIED' }],
  ['hangs', endless, { code: 'WORKER_HUNG' }],
] as const) {
  test.serial(
    `a worker that ${situation} is followed by another, and only its connections suffer`,
    async (t) => {
      const { gateway, inspector } = two;
      const { pid } = await gateway.status();
      const restarts = (await workersOf(gateway))[0]?.restarts ?? 0;
      const lost = await connectionTo(t, gateway, 0);
      const kept = await connectionTo(t, gateway, 1);
      lost.on('error', () => {});
      const closed = new Promise((resolve) => lost.once('close', resolve));
      await inspector.runInWorker('data 0', code);
      await closed;
      t.is(await ask(kept), 'HTTP/1.1 200');
      await until(
        'another to serve',
        async () => {
          const [first] = await workersOf(gateway);
          return first?.restarts === restarts + 1 && first.state === 'serving';
        },
        30_000,
      );
      await connectionTo(t, gateway, 0);
      t.is(await ask(kept), 'HTTP/1.1 200');
      t.is((await gateway.status()).pid, pid);
      t.true(gateway.logged(said));
    },
  );
}

test.serial('while the main thread stands still, requests go on', async (t) => {
  const { gateway, inspector } = one;
  let isBlocked = true;
  void inspector.run(standStill).finally(() => {
    isBlocked = false;
  });
  let answered = 0;
  let heldUpMs: Promise<number> | undefined;
  while (isBlocked) {
    t.is((await gateway.request('orders.shop')).status, 200);
    answered++;
    if (answered === 10) heldUpMs = durationOf(gateway.status());
    // As many as are wanted come long before it goes on.
    if (answered > 50) await delay(50);
  }
  t.true(answered > 50, `${answered} answers`);
  t.true(((await heldUpMs) ?? 0) > 1_000, 'the admin API is the main thread’s');
});

async function durationOf(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return performance.now() - started;
}

test.serial('threads that have nothing to do wake a few times a second', async (t) => {
  const { gateway, inspector } = one;
  // Beside five checks a second, and what they take.
  await inspector.run(countTurns('main', 60));
  await inEachWorker(inspector, 1, countTurns('worker', 10));
  for (const thread of ['main', 'worker']) {
    const msg = `${thread} counted`;
    await until(`${thread} to rest`, () => gateway.logged({ msg, rests: 'true' }));
  }
  t.pass();
});

test.serial('a worker that rests collects what its work has left', async (t) => {
  const { gateway, inspector } = one;
  const heapMiB = async () => ((await workersOf(gateway))[0]?.heapBytes ?? 0) / 2 ** 20;
  await inEachWorker(inspector, 1, `void (globalThis.work = ${work})`);
  await until('it to have grown', async () => (await heapMiB()) > 40);
  await inEachWorker(inspector, 1, 'delete globalThis.work');
  await until('it to be small again', async () => (await heapMiB()) < 30);
  t.pass();
});

test.serial(
  'an overloaded worker refuses requests, the admin API answers all the same, and then all is well',
  async (t) => {
    const { gateway, inspector } = one;
    await inEachWorker(inspector, 1, toil);
    await until('requests to be refused', async () => {
      const { status, body } = await gateway.request('orders.shop');
      return status === 503 && body.includes('"code":"OVERLOADED"');
    });
    for (let i = 0; i < 5; i++) t.true((await gateway.status()).ready);
    const [worker] = await workersOf(gateway);
    t.like(worker, { shedding: true });
    t.true((worker?.refused ?? 0) > 0 && (worker?.lagMs ?? 0) >= 50);
    await inEachWorker(inspector, 1, rest);
    await until('requests to be served', async () => {
      return (await gateway.request('orders.shop')).status === 200;
    });
  },
);

test.serial(
  'a worker that is kept from its core, and far behind for seconds, refuses requests as well, and then all is well',
  async (t) => {
    const { gateway, inspector } = await open(t, { workers: 1, ...strict });
    await inEachWorker(inspector, 1, starve);
    await until(
      'requests to be refused',
      async () => (await gateway.request('orders.shop')).body.includes('"code":"OVERLOADED"'),
      30_000,
    );
    t.true(gateway.logged({ msg: 'overloaded: shedding', why: 'starved' }));
    await inEachWorker(inspector, 1, rest);
    await until('requests to be served', async () => {
      return (await gateway.request('orders.shop')).status === 200;
    });
    proves(t, 'overload.lag');
  },
);

test.serial(
  'what an overloaded cluster refuses another one serves, whatever the method',
  async (t) => {
    const { dc1, dc2, dc3 } = await federate(t, {
      dc1: { instances: 0 },
      dc2: { rttMs: 5, config: { workers: 1 } },
      dc3: { rttMs: 50 },
    });
    await dc2.gateway.kill();
    const inspector = await dc2.startInspected(t);
    await until('dc2 to serve', async () => {
      return (await dc1.gateway.request('orders.shop')).cluster === 'dc2';
    });
    await inEachWorker(inspector, 1, toil);
    await until('dc2 to shed', async () => {
      return (await workersOf(dc2.gateway)).every(({ shedding }) => shedding);
    });
    const { served } = dc2;
    const answer = await dc1.gateway.request('orders.shop', { method: 'POST' });
    t.is(answer.status, 200);
    t.is(answer.cluster, dc3.name);
    t.is(dc2.served, served);
  },
);
