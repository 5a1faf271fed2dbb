/** Owns how fast a gateway is that has just started: its latencies in the first seconds of a constant rate. Run: `npm run bench -- warm [ROUNDS]`. */
import { loadavg } from 'node:os';
import { until } from '../test/support/until.ts';
import { type BenchGateway, gateway, joinTo, scratch, withCleanup } from './cluster.ts';
import { machine, quantile } from './machine.ts';
import { cpuNs } from './proxies/costs.ts';
import { startUpstream } from './proxies/nginx.ts';
import { preparePrograms } from './proxies/packages.ts';
import { expectAnswer, http1 } from './proxies/probe.ts';
import { watchOthers } from './proxies/quiet.ts';
import { type BySecond, perSecond, steadyRate } from './steady-rate.ts';

const seconds = 10;
/** From 1. */
const shown = [1, 2, 5, 10];
/** Until the client itself is as fast as it gets. */
const clientSeconds = 5;

const shapes = [
  { name: 'one hop', start: hop },
  { name: 'two gateways, mTLS between', start: pair },
] as const;
const settings = [
  { name: 'not warmed up', config: { warmUp: '0s' } },
  { name: 'warmed up', config: {} },
] as const;

const titles = ['second', 'p50 ms', 'p99 ms', 'CPU us/request'];
const widths = [6, 9, 9, 16];

/** Starts gateways anew in each round, warmed up and not, asks as soon as they are ready, and prints the medians of all rounds. */
export async function measureWarm(rounds: number): Promise<void> {
  preparePrograms();
  console.log(machine());
  await withCleanup(async () => {
    const upstream = await startUpstream(await scratch());
    await steadyRate(upstream.http, clientSeconds);
    const variants = shapes.flatMap(({ name, start }) =>
      settings.map((setting) => ({
        name: `${name}, ${setting.name}`,
        start: () => start(upstream.http, setting.config),
        taken: [] as Round[],
      })),
    );
    const others = watchOthers();
    for (let round = 0; round < rounds; round++) {
      for (const { start, taken } of variants) {
        const gateways = await start();
        taken.push(await measure(gateways));
        for (const { process } of gateways) await process.kill();
      }
    }
    for (const { name, taken } of variants) console.log(`\n${table(name, taken)}`);
    const [load = 0] = loadavg();
    console.log(
      `\nother programs meanwhile: ${others().toFixed(2)} cores; load ${load.toFixed(1)}`,
    );
  });
}

/** What one start was like. */
interface Round {
  readonly taken: BySecond;
  /** CPU time of a request in each second, in microseconds: of all threads of all gateways. */
  readonly cpuUs: readonly number[];
}

async function measure(gateways: Gateways): Promise<Round> {
  const pids = gateways.map(({ process }) => process.pid);
  const used: number[] = [];
  const taken = await steadyRate(gateways[0].outbound, seconds, () => used.push(cpuNs(pids)));
  const cpuUs = used.slice(1).map((now, i) => (now - (used[i] ?? now)) / 1000 / perSecond);
  return { taken, cpuUs };
}

function table(name: string, rounds: readonly Round[]): string {
  const median = (of: (round: Round) => number) => quantile(rounds.map(of), 0.5);
  const ofSecond = ({ taken }: Round, second: number, share: number) =>
    quantile(taken[second - 1] ?? [], share);
  const rows = shown.map((second) => {
    const cells = [
      `${second}`,
      median((round) => ofSecond(round, second, 0.5)).toFixed(2),
      median((round) => ofSecond(round, second, 0.99)).toFixed(2),
      median(({ cpuUs }) => cpuUs[second - 1] ?? Number.NaN).toFixed(0),
    ];
    return cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('');
  });
  const ratioOf = (round: Round) => ofSecond(round, 1, 0.99) / ofSecond(round, seconds, 0.99);
  const ratios = rounds.map((round) => ratioOf(round).toFixed(1));
  const failed = rounds.flatMap(({ taken }) => taken.flat()).filter((ms) => ms === Infinity).length;
  return [
    `${name}: medians of ${rounds.length} rounds`,
    titles.map((title, i) => title.padStart(widths[i] ?? 0)).join(''),
    ...rows,
    `p99 of second 1 over that of second ${seconds}: ${median(ratioOf).toFixed(1)} (of each round: ${ratios.join(' ')})`,
    `not answered by 200: ${failed}`,
  ].join('\n');
}

type Gateways = readonly [BenchGateway, ...BenchGateway[]];

async function hop(upstream: number, config: object): Promise<Gateways> {
  const one = await gateway('dc1', { ...founds, ...config, services: [service(upstream)] });
  await isReady(one);
  await expectAnswer(http1(one.outbound));
  return [one];
}

async function pair(upstream: number, config: object): Promise<Gateways> {
  const one = await gateway('dc1', { ...founds, ...config });
  const other = await gateway('dc2', { ...config, services: [service(upstream)] });
  await Promise.all([one, other].map(isReady));
  await joinTo(one, other);
  await expectAnswer(http1(one.outbound));
  return [one, other];
}

const founds = { registry: { embedded: { listen: '127.0.0.1:0' } } };

function service(port: number) {
  return {
    name: 'web',
    namespace: 'bench',
    endpoints: [{ id: 'one', address: `127.0.0.1:${port}` }],
    check: { tcp: true },
  };
}

async function isReady({ admin }: BenchGateway): Promise<void> {
  await until('the gateway to be ready', async () => (await fetch(`${admin}/readyz`)).ok);
}
