/** Owns what a gateway costs that has nothing to do: its start, its memory, its CPU time. Run: `npm run bench -- idle`. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { buildWhatIsMissing } from '../build/missing.ts';
import { atEnd, type BenchGateway, gateway, scratch, withCleanup } from './cluster.ts';
import { machine } from './machine.ts';
import { cpuNs, memoryOf } from './proxies/costs.ts';
import { http1Load } from './proxies/load.ts';
import { preparePrograms } from './proxies/packages.ts';
import { authority, paths } from './proxies/running.ts';

/** Seconds of rest, of load, and of rest again. */
const seconds = 60;
/** Of rest, before it is measured. */
const settlingSeconds = 30;
const connections = 64;

/** Measures a gateway with two workers that hosts its registry, and prints it. */
export async function measureIdle(): Promise<void> {
  preparePrograms();
  await buildWhatIsMissing();
  console.log(machine());
  await withCleanup(async () => {
    process.env['NODE_COMPILE_CACHE'] = join(await scratch(), 'compiled');
    const cold = await start();
    // It keeps what it compiled only once it is ready.
    await isReady(cold.gateway);
    await cold.gateway.process.kill('SIGTERM');
    const unprepared = await start({ warmUp: '0s' });
    await unprepared.gateway.process.kill('SIGTERM');
    const { gateway: one, firstAnswerMs } = await start();
    console.log(
      `first answer after ${cold.firstAnswerMs} ms; ${firstAnswerMs} ms once what is compiled is kept, ${unprepared.firstAnswerMs} ms then without warming up`,
    );
    const { pid } = one.process;
    await isReady(one);
    console.log(`ready after ${Math.round(cpuNs([pid]) / 1e6)} ms of CPU; ${memory(pid)}`);
    console.log(`after ${seconds} s: ${await resting(pid)}`);
    const load = { port: one.outbound, path: paths.small, connections, seconds };
    const { requests } = await http1Load(load);
    console.log(`after ${requests} requests in ${seconds} s: ${memory(pid)}`);
    console.log(`after ${seconds} s more: ${await resting(pid)}`);
    console.log(`load average of the machine: ${loadavg()[0]?.toFixed(1)}`);
  });
}

/** Lets a gateway rest; resolves to what it costs then. */
async function resting(pid: number): Promise<string> {
  // Garbage of what was is collected first.
  await rest(settlingSeconds * 1000);
  const before = cpuNs([pid]);
  const measured = seconds - settlingSeconds;
  await rest(measured * 1000);
  const percent = (cpuNs([pid]) - before) / (measured * 1e7);
  return `${memory(pid)}, ${percent.toFixed(2)} % of a core`;
}

function memory(pid: number): string {
  const { resident, own } = memoryOf([pid]);
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  return `${mib(resident)} MiB, of which ${mib(own)} are its own and the rest files`;
}

/** Starts a gateway with one endpoint, and with `config`; resolves when a request through it is answered. */
async function start(
  config: object = {},
): Promise<{ gateway: BenchGateway; firstAnswerMs: number }> {
  const server = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const started = performance.now();
  const one = await gateway('dc1', {
    ...config,
    workers: 2,
    registry: { embedded: { listen: '127.0.0.1:0' } },
    services: [
      {
        name: 'web',
        namespace: 'bench',
        check: { http: { path: '/' }, interval: '1s', timeout: '500ms' },
        endpoints: [{ id: 'web-1', address: `127.0.0.1:${port}` }],
      },
    ],
  });
  while (!(await answers(one.outbound))) await rest(5);
  return { gateway: one, firstAnswerMs: Math.round(performance.now() - started) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, headers: { host: authority }, agent: false });
    call.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('error', () => resolve(false));
    call.end();
  });
}

async function isReady({ admin }: BenchGateway): Promise<void> {
  while (!(await fetch(`${admin}/readyz`).catch(() => undefined))?.ok) await rest(20);
}
