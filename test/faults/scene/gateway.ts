/** Owns a gateway of the scene: a process at a machine of its own, which is killed, paused, replaced, and runs by a clock that may be off. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Status } from '../../../gateway/control/api/answers.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { runOk } from '../../support/programs.ts';
import { type SetClock, setClock } from '../../support/set-clock.ts';
import { until } from '../../support/until.ts';
import type { Losses } from './losses.ts';
import type { Machine } from './network.ts';
import { now } from './now.ts';
import type { Datacenter } from './plan.ts';

/** How long others may take to notice that a gateway says nothing. */
const noticedMs = 1_500;

/** Both processes run beside all others of the scene. */
const takenOverMs = 120_000;

interface Parts {
  /** `dc1/g1` */
  readonly name: string;
  readonly machine: Machine;
  readonly process: GatewayProcess;
  /** Folder of its own. */
  readonly dir: string;
  readonly losses: Losses;
  /** The words before Node.js that have it run at its machine. */
  readonly at: readonly [string, ...string[]];
}

export class SceneGateway {
  readonly name: string;
  readonly machine: Machine;
  readonly process: GatewayProcess;
  readonly #dir: string;
  readonly #losses: Losses;
  readonly #at: readonly [string, ...string[]];
  #clock: SetClock | undefined;

  constructor({ name, machine, process, dir, losses, at }: Parts) {
    this.name = name;
    this.machine = machine;
    this.process = process;
    this.#dir = dir;
    this.#losses = losses;
    this.#at = at;
    this.process.runBy(...at, globalThis.process.execPath);
  }

  get datacenter(): Datacenter {
    return this.name.split('/')[0] as Datacenter;
  }

  get dataDir(): string {
    return this.process.dataDir;
  }

  /** Takes the whole group of its first process: one that took over is in it. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.process;
    if (pid === undefined) return false;
    try {
      return globalThis.process.kill(-pid, signal);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw thrown;
    }
  }

  get isRunning(): boolean {
    return this.#signal(0);
  }

  async #gone(): Promise<void> {
    await until(`${this.name} to be gone`, () => !this.isRunning, 60_000);
  }

  /** SIGKILL, as a crash: what is in flight on it is lost. */
  async kill(): Promise<void> {
    const from = now();
    this.#signal('SIGKILL');
    await this.#gone();
    this.#losses.gateway(this.name, from, now());
  }

  /** SIGTERM: it drains, and nothing is lost. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    await this.#gone();
  }

  /** SIGSTOP: alive, and silent. What is sent to it before others notice waits, or is lost. */
  pause(): void {
    const from = now();
    this.#losses.gateway(this.name, from, from + noticedMs);
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  /** Waits until it is ready, or in another state, or in one of several. */
  start(...states: readonly Status['state'][]): Promise<void> {
    return this.process.start(...states);
  }

  /** Has another process take its place, as an upgrade does, and waits until the one before is gone. */
  async takeOver(): Promise<void> {
    const { pid } = await this.process.status();
    globalThis.process.kill(pid, 'SIGUSR2');
    await until(
      `${this.name} to be another process`,
      async () => {
        const status = await this.process.status();
        return status.ready && status.pid !== pid;
      },
      takenOverMs,
    );
    await until(`${pid} to be gone`, () => !existsSync(`/proc/${pid}`), takenOverMs);
  }

  /** Has the processes to come run by a clock that `setClock` moves. */
  async clockCanMove(): Promise<void> {
    this.#clock = await setClock(this.#dir);
    this.process.runBy(...this.#at, this.#clock.program);
  }

  /** Has the processes to come run by the machine's clock. */
  clockIsRight(): void {
    this.process.runBy(...this.#at, globalThis.process.execPath);
  }

  /** How many hours the clock is ahead; taken up within a second. */
  async setClock(hours: number): Promise<void> {
    if (this.#clock === undefined) throw new Error(`the clock of ${this.name} can not be moved`);
    await this.#clock.ahead(hours);
  }

  /** Its data folder is empty, as after the loss of a disk. */
  async loseData(): Promise<void> {
    await runOk('find', [this.dataDir, '-mindepth', '1', '-delete']);
  }

  /** No octet more can be written to its data folder. */
  async fillDisk(): Promise<void> {
    const filler = join(this.dataDir, 'filler');
    // Ends when nothing more fits, with an exit code that says so.
    await runOk('sh', ['-c', `cat /dev/zero > "$0" 2>/dev/null; true`, filler]);
  }

  async freeDisk(): Promise<void> {
    await rm(join(this.dataDir, 'filler'), { force: true });
  }
}
