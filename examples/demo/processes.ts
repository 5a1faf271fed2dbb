/** Owns the demo's processes: gateways, service instances and CLI calls, each a real one that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/isthmus.js', import.meta.url));
const instanceScript = fileURLToPath(new URL('./instance.ts', import.meta.url));

/** A child process; it ends with its parent, for its channel to it closes. */
export class Process {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;

  constructor(name: string, args: readonly string[], logFile: string) {
    this.name = name;
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const log = createWriteStream(logFile, { flags: 'a' });
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    this.exited = new Promise((resolve) => {
      this.#child.on('exit', (code) => {
        log.end();
        resolve(code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL by default: nothing is said goodbye to. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.exited;
  }
}

export function startGateway(name: string, configPath: string, logFile: string): Process {
  return new Process(name, [bin, 'gateway', '--config', configPath], logFile);
}

export function startInstance(service: string, id: string, port: number, logFile: string): Process {
  return new Process(id, [instanceScript, service, id, String(port)], logFile);
}

/** Runs one CLI command to its end and returns its standard output. Rejects with its standard error when it fails. */
export function cli(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, NO_COLOR: '1' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out.trim());
      else
        reject(
          new Error(`isthmus ${args.slice(0, 2).join(' ')} ended with ${code}: ${err.trim()}`),
        );
    });
  });
}

/** Below the ports that systems give to connections going out (from 32,768 on): those would be taken again at any moment. */
const firstPort = 20_000;
const lastPort = 32_000;

/** They may be bound only later: none is given twice. */
const given = new Set<number>();

/** Ports that are free now, found by binding them; no other call of this process gets them. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isBound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isBound) await new Promise((resolve) => server.close(resolve));
  return isBound;
}
