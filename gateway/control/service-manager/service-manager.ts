/** Owns what the service manager (systemd) is told of this process: that it is ready, why not, which process it is, that it lives. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Changes } from '../changes.ts';
import type { Readiness } from '../readiness/readiness.ts';
import { keepAlive, signsWanted } from './keep-alive.ts';
import { messengerFor, type Tell } from './messenger.ts';

interface ServiceManagerOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly log: Log;
}

/** The gateway that is spoken of. */
interface Spoken {
  readonly readiness: Readiness;
  readonly changes: Pick<Changes, 'join'>;
  readonly workers: { readonly areServing: boolean };
}

/** States that only people end: who waits for the start to be over would wait for them, and they for it. */
const waitsForPeople: ReadonlySet<Readiness['state']> = new Set([
  'unjoined',
  'displaced',
  'id-taken',
  'disagreeing',
  'clock-off',
]);

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #tell: Tell | undefined;
  readonly #everyMs: number | undefined;
  #gateway: Spoken | undefined;
  #said: string | undefined;
  #isReady = false;
  #stop = (): void => {};

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#tell = messengerFor(options.env, options.log);
    this.#everyMs = signsWanted(options.env);
  }

  /** This process takes the place of the service's main one, which is ready, before that one ends: its end would be the service's. */
  succeed(): Promise<void> {
    return this.#sayReady();
  }

  /** Tells of a gateway from now on: READY as soon as it is ready or waits for people, its state whenever that changes, and that it lives. */
  follow(gateway: Spoken): void {
    if (this.#tell === undefined) return;
    this.#gateway = gateway;
    const look = (): void => this.#look();
    const leave = gateway.changes.join({ readiness: look, membership: look, snapshot: look });
    const isAlive = () => gateway.workers.areServing;
    const { clock, log } = this.#options;
    const everyMs = this.#everyMs;
    const rest = everyMs && keepAlive({ everyMs, clock, log, isAlive, tell: this.#tell });
    this.#stop = () => {
      leave();
      if (rest) rest();
    };
    look();
  }

  /** Runs `reload`, as the service manager sees it: it waits until that is over. */
  async reload(reload: () => Promise<void>): Promise<void> {
    // CLOCK_MONOTONIC, by which it tells this reload from one before.
    if (this.#isReady) {
      void this.#tell?.('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    }
    await reload();
    if (this.#isReady) void this.#sayReady();
  }

  /** The service ends. */
  stopping(): void {
    this.handedOver();
    void this.#tell?.('STOPPING=1', 'STATUS=Finishes what is in flight');
  }

  /** Another process speaks for the service from now on. */
  handedOver(): void {
    this.#stop();
    this.#isReady = false;
  }

  #look(): void {
    if (this.#gateway === undefined) return;
    const { readiness } = this.#gateway;
    const status =
      'problem' in readiness ? `${readiness.problem.code}: ${readiness.problem.message}` : 'Serves';
    if (status !== this.#said) {
      this.#said = status;
      void this.#tell?.(`STATUS=${status}`);
    }
    if (!this.#isReady && (readiness.state === 'ready' || waitsForPeople.has(readiness.state)))
      void this.#sayReady();
  }

  /** The process is named: it is not the one that was started where a launcher or another gateway started it. */
  async #sayReady(): Promise<void> {
    this.#isReady = true;
    await this.#tell?.(`MAINPID=${process.pid}`, 'READY=1');
  }
}
