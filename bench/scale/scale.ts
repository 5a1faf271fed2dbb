/** Owns what size costs a gateway: its start, its memory, one change, a thousand changes a second, and its answers meanwhile. Run: `npm run bench -- --only scale [--quick]`. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { openEtcdStore } from '../../registry/etcd-store.ts';
import type { Store, WriteOp } from '../../registry/store.ts';
import { startEtcd } from '../../test/support/etcd.ts';
import { until } from '../../test/support/until.ts';
import { atEnd, type BenchGateway, gateway, scratch, withCleanup } from '../cluster.ts';
import { cpuMs, machine, quantile } from '../machine.ts';
import { cpuNs, memoryOf } from '../proxies/costs.ts';
import { watchOthers } from '../proxies/quiet.ts';
import { type Answer, askAll } from './answers.ts';
import { type ChangePair, keepChanging, Registrations } from './changing.ts';
import { MadeFederation, type Size } from './made-federation.ts';

const fullSize: Size = { endpoints: 100_000, summaries: 100_000, clusters: 50 };
const quickSize: Size = { endpoints: 10_000, summaries: 10_000, clusters: 50 };
/** For so long changes go on, and are measured after the first seconds: the gateway that joined in has just started. */
const fullSeconds = 30;
const quickSeconds = 12;
const settleSeconds = 10;

/** Single changes are this far apart, and are measured so many together, so often. */
const pauseMs = 20;
const singlesTogether = 20;
const slices = 15;
const singles = singlesTogether * slices;
const perSecond = 1_000;
/** Of the changes that go on, so many a second are registrations. */
const registeredPerSecond = 10;
/** A start may take this long. */
const patienceMs = 180_000;

export async function measureScale(isQuick: boolean, jsonPath: string | undefined): Promise<void> {
  const size = isQuick ? quickSize : fullSize;
  const seconds = isQuick ? quickSeconds : fullSeconds;
  const others = watchOthers();
  const figures: Record<string, unknown> = { machine: machine(), size };
  const note = (what: string, value: unknown, text: string): void => {
    figures[what] = value;
    console.log(`  ${what}: ${text}`);
  };
  console.log(machine());
  console.log(
    `${size.endpoints} endpoints, ${size.summaries} summaries of ${size.clusters} clusters`,
  );
  await withCleanup(async () => {
    // What a disk takes for an fsync is not what is measured here.
    const args = ['--unsafe-no-fsync', '--quota-backend-bytes', String(8 * 2 ** 30)];
    const etcd = await startEtcd(atEnd, args);
    const options = { endpoints: [etcd.endpoint], clock: systemClock, log: silentLog };
    const store = openEtcdStore({ ...options, deadlineMs: 30_000 });
    const made = await MadeFederation.make(await scratch(), size);
    const [elsewhere] = made.others;
    if (elsewhere === undefined) throw new Error('There is no other cluster');
    for (const cluster of [made.own, elsewhere]) await made.enrol(cluster, etcd.address);
    // The others are nowhere: connections to them are refused at once.
    await made.write(store, () => '127.0.0.1:1');

    const start = (cluster: string, home: string) =>
      gateway(cluster, { registry: { etcd: { endpoints: [etcd.endpoint], found: true } } }, home);
    const first = await starting(() => start(made.own, made.home(made.own)), made);
    note('first start', first.figures, startText(first.figures));
    await first.gateway.process.kill('SIGTERM');
    const one = await starting(() => start(made.own, made.home(made.own)), made);
    note('start again', one.figures, startText(one.figures));
    const { pid } = one.gateway.process;

    note('answers at rest', await askAll(one.gateway.admin), '');
    printAnswers(figures['answers at rest'] as Answer[]);
    for (const [what, change] of singleChanges(made)) {
      const ms = await costOfOne(store, pid, change);
      note(`CPU of one change of ${what}`, ms, `${ms.toFixed(2)} ms`);
    }

    const { gateway: two } = await starting(() => start(elsewhere, made.home(elsewhere)), made);
    const registrations = new Registrations(one.gateway, two);
    await registrations.start();
    await until('a registration to be routable elsewhere', () => registrations.one(), patienceMs);
    // Made before: what it costs to sign them is their clusters' to pay, on machines of their own.
    const pairs = Array.from({ length: (perSecond * (seconds + settleSeconds)) / 2 }, (_, i) =>
      pairOf(made, i),
    );
    const before = cpuNs([pid]);
    const changing = keepChanging(store, perSecond, pairs);
    await sampled(registrations, settleSeconds);
    const samples = await sampled(registrations, seconds / 2);
    note('answers meanwhile', await askAll(one.gateway.admin), '');
    printAnswers(figures['answers meanwhile'] as Answer[]);
    samples.push(...(await sampled(registrations, seconds / 2)));
    const { written, perSecond: reached } = await changing.stop();
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => Math.round(quantile(samples, share)));
    note(
      'registered to routable elsewhere',
      { p50, p90, p99, changesPerSecond: reached },
      `p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms at ${reached.toFixed(0)} changes a second`,
    );
    const perChange = (cpuNs([pid]) - before) / written / 1e6;
    note('CPU of a change among many', perChange, `${perChange.toFixed(2)} ms`);
    const { resident } = memoryOf([pid]);
    note('memory after it', resident, `${Math.round(resident / 2 ** 20)} MiB`);
    registrations.close();
    await store.close();
  });
  const busy = others();
  note('other programs', busy, `${busy.toFixed(2)} cores`);
  if (jsonPath) await writeFile(jsonPath, `${JSON.stringify(figures, null, 2)}\n`);
}

interface Start {
  readonly readyMs: number;
  readonly knowsAllMs: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

/** Starts a gateway, and waits until it is ready and knows everything. */
async function starting(
  start: () => Promise<BenchGateway>,
  made: MadeFederation,
): Promise<{ gateway: BenchGateway; figures: Start }> {
  const started = performance.now();
  const one = await start();
  const sinceStart = () => Math.round(performance.now() - started);
  await until(
    'the gateway to be ready',
    async () => (await fetch(`${one.admin}/readyz`)).ok,
    patienceMs,
  );
  const readyMs = sinceStart();
  await until('the gateway to know all', () => knowsAll(one, made), patienceMs);
  const knowsAllMs = sinceStart();
  const { pid } = one.process;
  // Threads that have ended by now count as well.
  const figures = { readyMs, knowsAllMs, cpuMs: cpuMs(pid), bytes: memoryOf([pid]).resident };
  return { gateway: one, figures };
}

async function knowsAll({ admin }: BenchGateway, made: MadeFederation): Promise<boolean> {
  const status = (await (await fetch(`${admin}/v1/status`)).json()) as {
    services: number;
    registry: { stale: boolean; kind: string };
  };
  const { kind, stale } = status.registry;
  return kind === 'connected' && !stale && status.services >= made.services;
}

function startText({ readyMs, knowsAllMs, cpuMs, bytes }: Start): string {
  return `ready after ${readyMs} ms, knows all after ${knowsAllMs} ms, ${cpuMs} ms of CPU, ${Math.round(bytes / 2 ** 20)} MiB`;
}

function singleChanges(made: MadeFederation): [what: string, change: (i: number) => WriteOp][] {
  return [
    ["an endpoint's health", (i) => made.endpoint(i * 7, i % 2 === 0 ? 'unhealthy' : 'healthy')],
    ['a summary', (i) => made.summary(i * 7, 1 + (i % 2))],
  ];
}

/** Spread over all but the summaries of the first of the other clusters: its gateway says them itself. */
function pairOf(made: MadeFederation, i: number): ChangePair {
  const { clusters, endpoints, summaries } = made.size;
  const index = (i * 37) % summaries;
  return {
    endpoint: made.endpoint((i * 74) % endpoints, i % 2 === 0 ? 'unhealthy' : 'healthy'),
    summary: made.summary(index % clusters === 0 ? index + 1 : index, 1 + (i % 3)),
  };
}

/**
 * CPU time of the gateway for one change among `singles` that are apart, without what it takes at rest; in milliseconds. Medians: now and
 * then everything is written to the disk, which is no part of one change.
 */
async function costOfOne(
  store: Store,
  pid: number,
  change: (i: number) => WriteOp,
): Promise<number> {
  const each = async (act: (i: number) => Promise<unknown>): Promise<number> => {
    const samples: number[] = [];
    for (let i = 0; i < singles; ) {
      const before = cpuNs([pid]);
      for (const end = i + singlesTogether; i < end; i++) {
        await act(i);
        await wait(pauseMs);
      }
      samples.push((cpuNs([pid]) - before) / singlesTogether);
    }
    return quantile(samples, 0.5);
  };
  // Whatever the first ones need once is no part of the price.
  await each((i) => store.txn([], [change(i + singles)]));
  const changing = await each((i) => store.txn([], [change(i)]));
  const resting = await each(async () => undefined);
  return (changing - resting) / 1e6;
}

/** Registers so many a second, for so long. */
async function sampled(registrations: Registrations, seconds: number): Promise<number[]> {
  const samples: Promise<number>[] = [];
  for (let i = 0; i < seconds * registeredPerSecond; i++) {
    samples.push(registrations.one());
    await wait(1000 / registeredPerSecond);
  }
  return Promise.all(samples);
}

function printAnswers(answers: readonly Answer[]): void {
  for (const { what, medianMs, worstMs, kib } of answers) {
    console.log(
      `    ${what}: ${medianMs.toFixed(0)} ms, at worst ${worstMs.toFixed(0)} ms, ${kib} KiB`,
    );
  }
}
