/** Owns the embedded registry a founding gateway hosts: starting it, bringing it back when its thread dies, and stopping it. */
import { join } from 'node:path';
import { backoffDelay } from '../../../core/backoff.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import {
  type EmbeddedRegistry,
  type ServerIdentity,
  startEmbeddedRegistry,
  type TrustedDomain,
} from '../../../registry/embedded/index.ts';

interface HostedRegistryOptions {
  readonly dataDir: string;
  readonly listen: string;
  readonly hostTrustDomain: string;
  identity(): ServerIdentity;
  /** Whom it lets in: this cluster and the believed members. */
  trust(): readonly TrustedDomain[];
  /** It listens, after a time in which it did not. */
  started(): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The file of the registry that is hosted with a data folder. */
export function registryFile(dataDir: string): string {
  return join(dataDir, 'registry.sqlite');
}

type State =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'running'; readonly registry: EmbeddedRegistry }
  /** The registry's thread died; the registry comes back by itself. */
  | { readonly kind: 'died'; readonly cancel: () => void };

const backoff = { baseMs: 200, maxMs: 10_000 };

export class HostedRegistry {
  readonly #options: HostedRegistryOptions;
  #state: State = { kind: 'stopped' };
  #listen: string;
  #deaths = 0;
  #changing: Promise<void> = Promise.resolve();

  /** The registry does not run yet. */
  constructor(options: HostedRegistryOptions) {
    this.#options = options;
    this.#listen = options.listen;
  }

  /** `host:port` it listens on, or will again. */
  get address(): string {
    return this.#listen;
  }

  get running(): boolean {
    return this.#state.kind === 'running';
  }

  /** Starts it if it does not run. Throws PORT_IN_USE and what else keeps it from starting. */
  start(): Promise<void> {
    return this.#change(async () => {
      if (this.#state.kind === 'running') return;
      if (this.#state.kind === 'died') this.#state.cancel();
      const registry = await this.#open();
      // The port it got the first time is the one others know.
      this.#listen = registry.address;
      this.#state = { kind: 'running', registry };
      void registry.died.then((error) => this.#died(error));
      this.#options.started();
    });
  }

  async #open(): Promise<EmbeddedRegistry> {
    const { dataDir, hostTrustDomain, log, identity, trust } = this.#options;
    try {
      return await startEmbeddedRegistry({
        file: registryFile(dataDir),
        listen: this.#listen,
        tls: identity(),
        trust: trust(),
        hostTrustDomain,
        log,
      });
    } catch (thrown) {
      const { code, message, where, fix, cause } = asIsthmusError(thrown);
      if (code !== 'PORT_IN_USE') throw thrown;
      throw new IsthmusError(code, {
        what: message,
        where: `registry.embedded.listen ${where}`,
        fix,
        cause,
      });
    }
  }

  /** Starts it once `released` has resolved, and tries until it runs. */
  startAfter(released: Promise<void>): void {
    void released.then(() => this.#revive());
  }

  /** Terminates its thread as a crash would, and leaves it so. */
  stop(): Promise<void> {
    return this.#change(async () => {
      const state = this.#state;
      this.#state = { kind: 'stopped' };
      if (state.kind === 'died') state.cancel();
      if (state.kind === 'running') await state.registry.kill();
    });
  }

  /** Ends it in good order. */
  close(): Promise<void> {
    return this.#change(async () => {
      const state = this.#state;
      this.#state = { kind: 'stopped' };
      if (state.kind === 'died') state.cancel();
      if (state.kind === 'running') await state.registry.close();
    });
  }

  /** The certificate was renewed, or other clusters are trusted than before. */
  async refresh(): Promise<void> {
    if (this.#state.kind !== 'running') return;
    const { registry } = this.#state;
    try {
      await registry.setIdentity(this.#options.identity());
      await registry.setTrust(this.#options.trust());
    } catch (thrown) {
      this.#options.log.error(
        { err: asIsthmusError(thrown) },
        'the registry kept its old certificate or trust',
      );
    }
  }

  #died(error: unknown): void {
    if (this.#state.kind !== 'running') return;
    this.#options.log.error({ err: error }, 'the embedded registry died; it is started again');
    this.#revive();
  }

  #revive(): void {
    const { clock, random, log } = this.#options;
    const cancel = clock.after(backoffDelay(backoff, this.#deaths++, random), () => {
      this.start().then(
        () => {
          this.#deaths = 0;
        },
        (thrown) => {
          log.error({ err: thrown }, 'the embedded registry could not be started');
          if (this.#state.kind === 'died') this.#revive();
        },
      );
    });
    this.#state = { kind: 'died', cancel };
  }

  /** Changes happen one after the other. */
  #change(run: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(run);
    this.#changing = done.catch(() => undefined); // The caller has the failure.
    return done;
  }
}
