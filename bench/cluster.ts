/** Owns gateways for benchmarks: real processes with scratch folders on free ports. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { buildWhatIsMissing } from '../build/missing.ts';
import { cli, freePorts, type Process, startGateway } from '../examples/demo/processes.ts';

export interface BenchGateway {
  readonly cluster: string;
  readonly dir: string;
  readonly admin: string;
  readonly outbound: number;
  readonly eastWest: number;
  readonly process: Process;
}

export const federation = 'bench';
const undo: (() => unknown)[] = [];

/**
 * Runs `bench`, then ends every process and removes every folder it started with the functions here; also
 * when it fails or is interrupted. A signal aborts what `bench` is given, and ends this program once that is done.
 */
export async function withCleanup(bench: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const interrupted = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  let signal: NodeJS.Signals | undefined;
  try {
    signal = (await Promise.race([bench(controller.signal), interrupted])) ?? undefined;
  } finally {
    controller.abort();
    await undoAll();
  }
  if (signal !== undefined) process.exit(128 + constants.signals[signal]);
}

async function undoAll(): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    try {
      await step();
    } catch (thrown) {
      // The other steps are still owed.
      console.error(thrown);
    }
  }
}

/** In the shape test supports take: something to run at the end. */
export const atEnd = { teardown: (step: () => unknown) => void undo.push(step) };

export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-bench-'));
  atEnd.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts a gateway, of the build; `extra` is merged into its configuration. `dir` may hold data prepared before. */
export async function gateway(cluster: string, extra: object, dir?: string): Promise<BenchGateway> {
  await buildWhatIsMissing();
  const home = dir ?? (await scratch());
  await mkdir(home, { recursive: true });
  const [outbound = 0, admin = 0, eastWest = 0, federationPort = 0] = await freePorts(4);
  const config = {
    cluster,
    federation,
    region: `region-${cluster}`,
    zone: 'a',
    data: './data',
    listen: {
      outbound: `127.0.0.1:${outbound}`,
      eastWest: `127.0.0.1:${eastWest}`,
      federation: `127.0.0.1:${federationPort}`,
      admin: `127.0.0.1:${admin}`,
    },
    ...extra,
  };
  const configPath = join(home, 'gateway.yaml');
  await writeFile(configPath, stringify(config));
  const process = startGateway(cluster, configPath, join(home, 'gateway.log'));
  atEnd.teardown(() => process.running && process.kill());
  return { cluster, dir: home, admin: `http://127.0.0.1:${admin}`, outbound, eastWest, process };
}

export async function joinTo(host: BenchGateway, joiner: BenchGateway): Promise<void> {
  const token = await cli(['token', 'create', '--admin', host.admin]);
  await cli(['join', '--yes', '--admin', joiner.admin], { ISTHMUS_TOKEN: token });
}
