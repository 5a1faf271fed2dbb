/** Owns noticing, where the configuration names an etcd, that this gateway's cluster is a member while the gateway itself is in no federation. */
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import { within } from '../../../core/within.ts';
import { displaced } from '../../../federation/announce.ts';
import { encodeKey } from '../../../registry/keys.ts';
import type { Store } from '../../../registry/store.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Obstacle } from '../readiness/readiness.ts';

interface DisplacementOptions {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation'>;
  /** Opens the registry that the configuration names. */
  open(): Promise<Store>;
  readonly clock: Clock;
  /** There is an obstacle, or another, or none any more. */
  changed(): void;
}

const lookEveryMs = 5_000;
const lookAgainMs = 1_000;
/** How long the first look may take before others go on without it. */
const patienceMs = 1_000;

/** The folder with the authority and the membership was lost, or is another cluster's gateway's: either shows in the registry alone. */
export class Displacement {
  readonly #options: DisplacementOptions;
  #store: Store | undefined;
  #obstacle: Obstacle | undefined;
  #cancel = (): void => {};
  #closed = false;

  constructor(options: DisplacementOptions) {
    this.#options = options;
    const { cluster } = options.config;
    const what = `Whether ${cluster} is a member is not known yet: etcd has not answered`;
    this.#obstacle = { state: 'uninformed', problem: new IsthmusError('NOT_READY', { what }) };
  }

  get obstacle(): Obstacle | undefined {
    return this.#obstacle;
  }

  /** Looks, and goes on looking until `close`. Resolves after the first look, or when that takes long. */
  async start(): Promise<void> {
    await within(this.#options.clock, patienceMs, this.#look());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#store?.close();
  }

  /** Never rejects: a registry that can't be asked leaves what is known. */
  async #look(): Promise<void> {
    const { config, clock } = this.#options;
    const { cluster, federation } = config;
    const key = encodeKey(federation, { kind: 'clusters', cluster });
    let restMs = lookEveryMs;
    try {
      this.#store ??= await this.#options.open();
      const stored = await this.#store.get(key);
      this.#note(stored && { state: 'displaced', problem: displaced(cluster, federation) });
    } catch (thrown) {
      restMs = lookAgainMs;
      if (this.#obstacle?.state === 'uninformed') this.#note(unanswered(cluster, thrown));
      // With what is in the files of its credentials then.
      await this.#store?.close();
      this.#store = undefined;
    }
    if (this.#closed) await this.#store?.close();
    else this.#cancel = clock.after(restMs, () => void this.#look());
  }

  #note(obstacle: Obstacle | undefined): void {
    const isNew = obstacle?.problem.message !== this.#obstacle?.problem.message;
    this.#obstacle = obstacle;
    if (isNew && !this.#closed) this.#options.changed();
  }
}

function unanswered(cluster: string, thrown: unknown): Obstacle {
  const { message, cause } = asIsthmusError(thrown);
  const what = `Whether ${cluster} is a member is not known: ${message}`;
  const fix = 'Check the registry, the way to it, and what `registry.etcd` says.';
  return { state: 'uninformed', problem: new IsthmusError('NOT_READY', { what, fix, cause }) };
}
