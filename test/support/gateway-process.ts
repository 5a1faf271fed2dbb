/** Owns one gateway as a process in tests: started from a configuration, asked by API, command and request, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { parseAdminAddress } from '../../cli/admin-address.ts';
import { AdminClient } from '../../cli/admin-client.ts';
import type { ProblemItem, Status } from '../../gateway/control/api/answers.ts';
import type { EdgeListener } from '../../gateway/data/worker/listeners.ts';
import { bin } from '../cli/command.ts';
import { isthmus, type Ran } from '../cli/in-process.ts';
import { withNameServer } from './hosts.ts';
import { Inspector } from './inspector.ts';
import { until } from './until.ts';
import { noteWritten } from './written.ts';

export type Scope = Pick<ExecutionContext, 'teardown' | 'log' | 'passed'>;

/** What a gateway answered to a client of its outbound listener. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Cluster that served it. */
  readonly cluster: string | undefined;
}

/** A configuration as it is written to the file, apart from folders and listeners. */
interface GatewayConfiguration {
  readonly cluster: string;
  /** Beside these, any free port, and the socket of the admin API. */
  readonly listen?: object;
  readonly [key: string]: unknown;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const federation = 'acme';
/** Every listener but admin: any free port. */
const anyPort = '127.0.0.1:0';
/** Log lines that can be asked for, and how many of them a test that fails shows. */
const linesKept = 500;
const linesShown = 40;

/** Loading it takes most of that, where many processes start at once. */
const startMs = 60_000;

/** A process has as long to start where it follows another, and that one to finish what it has in flight. */
const takeOverMs = 60_000;

export class GatewayProcess {
  readonly name: string;
  readonly dataDir: string;
  readonly configPath: string;
  readonly api: AdminClient;
  readonly #admin: string;
  readonly #lines: string[] = [];
  readonly #printed: string[] = [];
  #flags: readonly string[] = [];
  #command: readonly [program: string, ...args: string[]] = [process.execPath];
  #child: ChildProcess | undefined;
  /** The process that took its place last, which is nobody's child. */
  #successor: number | undefined;
  #listeners: Readonly<Record<string, string>> = {};

  private constructor(name: string, dir: string) {
    this.name = name;
    this.dataDir = join(dir, 'data');
    this.configPath = join(dir, 'gateway.yaml');
    this.#admin = `unix:${join(dir, 'admin.sock')}`;
    this.api = new AdminClient(parseAdminAddress(this.#admin));
  }

  /** Writes the configuration into `dir`, which is made; starts nothing. The process ends with the test. */
  static async prepare(t: Scope, dir: string, config: GatewayConfiguration) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const name = [config.cluster, config['gateway']].filter(Boolean).join('/');
    const gateway = new GatewayProcess(name, dir);
    await gateway.configure(config);
    t.teardown(async () => {
      if (!t.passed) t.log(`${name} said last:\n${gateway.#lines.slice(-linesShown).join('\n')}`);
      await gateway.kill();
      gateway.#killSuccessors();
    });
    return gateway;
  }

  /** Replaces the configuration; the next start reads it. */
  async configure(config: GatewayConfiguration): Promise<void> {
    const listen = {
      outbound: anyPort,
      eastWest: anyPort,
      federation: anyPort,
      admin: this.#admin,
    };
    const whole = {
      federation,
      region: config.cluster,
      data: './data',
      // Few of them are asked so much that these are worth their time.
      warmUp: '0s',
      workers: 1,
      ...config,
      listen: { ...listen, ...config.listen },
    };
    await noteWritten(whole);
    await writeFile(this.configPath, stringify(whole));
  }

  /** Where a listener is bound since the last start: `host:port`. */
  listener(which: 'outbound' | 'eastWest' | 'federation' | 'registry' | EdgeListener): string {
    const address = this.#listeners[which];
    if (address === undefined) throw new Error(`${this.name} has no listener ${which}`);
    return address;
  }

  /** Path of its admin API's socket. */
  get adminSocket(): string {
    return this.#admin.slice('unix:'.length);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the process and waits until it is ready, or in another state, or in one of several. */
  async start(...given: readonly Status['state'][]): Promise<void> {
    const states = given.length === 0 ? ['ready'] : given;
    const child = this.spawn();
    const isThere = async () => {
      if (!this.running) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
      const status = await this.status();
      this.#listeners = status.listeners;
      return states.includes(status.state);
    };
    await until(`${this.name} to be ${states.join(' or ')}`, isThere, startMs);
  }

  /** Has the processes to come ask one server, `host:port`, for names. */
  async askForNames(t: Scope, server: string): Promise<void> {
    this.#command = await withNameServer(t, server, [process.execPath]);
  }

  /** Has the processes to come be of another program, which takes a script as Node.js does; or begin with other words. */
  runBy(...command: readonly [program: string, ...args: string[]]): void {
    this.#command = command;
  }

  /** Starts the process so that code can be run in it, and waits until it is ready. */
  async startInspected(t: Scope): Promise<Inspector> {
    this.#flags = ['--inspect=127.0.0.1:0'];
    await this.start();
    const url = await until('the debugger to listen', () =>
      this.#lines.map((line) => /^Debugger listening on (ws:.*)$/.exec(line)?.[1]).find(Boolean),
    );
    const inspector = await Inspector.connect(url);
    t.teardown(() => inspector.close());
    return inspector;
  }

  /** Starts the process and waits for nothing. */
  spawn(): ChildProcess {
    const [program, ...args] = this.#command;
    args.push(...this.#flags, bin, 'gateway', '--config', this.configPath);
    const child = spawn(program, args, {
      // Its channel closes when the tests end, however they do, and ends it.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    child.stderr?.setEncoding('utf8').on('data', (lines: string) => {
      this.#lines.push(...lines.trimEnd().split('\n'));
      this.#lines.splice(0, this.#lines.length - linesKept);
    });
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      this.#printed.push(...lines);
      this.#printed.splice(0, this.#printed.length - linesKept);
    });
    this.#child = child;
    this.#successor = undefined;
    return child;
  }

  /** Has a new process take its place, and waits until the old one is gone; resolves to its exit code. */
  async takeOver(): Promise<number | null> {
    const { pid } = await this.status();
    const child = this.#child;
    const gone =
      child?.pid === pid
        ? once(child, 'exit').then(([code]) => code as number | null)
        : until('the old process to be gone', () => !isRunning(pid), takeOverMs).then(() => 0);
    process.kill(pid, 'SIGUSR2');
    await until(
      `${this.name} to be another process`,
      async () => {
        const status = await this.status();
        if (!status.ready || status.pid === pid) return false;
        this.#successor = status.pid;
        return true;
      },
      takeOverMs,
    );
    return gone;
  }

  /** They are of the group of the first process, which is ours alone. */
  #killSuccessors(): void {
    const group = this.#child?.pid;
    if (group === undefined) return;
    try {
      process.kill(-group, 'SIGKILL');
    } catch (thrown) {
      // There is none.
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  }

  /** SIGKILL, as a crash. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL');
  }

  /** SIGTERM; resolves to the exit code once the process is gone. */
  stop(): Promise<number | null> {
    return this.signal('SIGTERM');
  }

  /**
   * Sends a signal to it, or to the process that took its place; resolves to the exit code once that is gone, null where nobody
   * can tell it.
   */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const [child, successor] = [this.#child, this.#successor];
    if (successor !== undefined) {
      this.#successor = undefined;
      process.kill(successor, signal);
      await until('its successor to be gone', () => !isRunning(successor), takeOverMs);
      return null;
    }
    if (child === undefined) return null;
    if (this.running) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
    return child.exitCode;
  }

  /** Lines of the access log, the latest. */
  accessLines(): readonly Readonly<Record<string, unknown>>[] {
    return this.#printed.map((line) => JSON.parse(line));
  }

  /** Whether the log has a line with these fields. */
  logged(fields: Readonly<Record<string, string>>): boolean {
    return this.logLines(fields).length > 0;
  }

  /** Of the latest lines of the log those that have these fields. */
  logLines(fields: Readonly<Record<string, string>>): readonly Readonly<Record<string, unknown>>[] {
    const wanted = Object.entries(fields).map(([name, value]) =>
      JSON.stringify({ [name]: value }).slice(1, -1),
    );
    const found = this.#lines.filter((line) => wanted.every((field) => line.includes(field)));
    return found.map((line) => JSON.parse(line));
  }

  status(): Promise<Status> {
    return this.api.get<Status>('/v1/status');
  }

  async problems(): Promise<readonly ProblemItem[]> {
    return (await this.status()).problems;
  }

  async items<T>(path: string): Promise<readonly T[]> {
    return (await this.api.get<{ items: readonly T[] }>(path)).items;
  }

  /** Runs `isthmus` against this gateway, in the process of the test: one of its own costs half a second of CPU each time. */
  isthmus(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return isthmus(args, { env: { ISTHMUS_ADMIN: this.#admin, ...env } });
  }

  /** As `isthmus`, and must succeed; resolves to what it printed. */
  async isthmusOk(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.isthmus(args, env);
    if (code !== 0) throw new Error(`isthmus ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** Asks for a service, such as `orders.shop`, by `Host`. */
  request(
    service: string,
    options: { path?: string; method?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const [host, port] = this.listener('outbound').split(':');
    const { path = '/', method = 'GET', headers: more } = options;
    return new Promise((resolve, reject) => {
      const headers = { host: `${service}.${federation}`, ...more };
      const call = request({ host, port, path, method, headers, agent: false }, (response) => {
        const { statusCode: status = 0, headers: said } = response;
        const cluster = said['x-isthmus-cluster'] as string | undefined;
        text(response).then((body) => resolve({ status, body, cluster }), reject);
      });
      call.on('error', reject);
      call.end();
    });
  }
}
