/** Owns making clusters leave again that left, and that a registry restored from a backup has again: who was away then would believe them. */
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { FederationTrust } from '../../../federation/trust.ts';

interface ReturnedClustersOptions {
  readonly trust: Pick<FederationTrust, 'returned'>;
  /** Whether the record of a cluster's bundle is still refused. */
  isRefused(cluster: ClusterName): boolean;
  /** Whether this gateway does what one of its cluster's has to, and may be heard. */
  isTurn(): boolean;
  /** Rejects where this cluster may not, which another may. */
  evict(cluster: ClusterName): Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Members that see it at once don't act at once. */
const lookEveryMs = 5_000;

export class ReturnedClusters {
  readonly #options: ReturnedClustersOptions;
  #cancel = (): void => {};
  #isClosed = false;

  constructor(options: ReturnedClustersOptions) {
    this.#options = options;
    this.#later();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #later(): void {
    const { clock, random } = this.#options;
    this.#cancel = clock.after(lookEveryMs * (0.5 + random()), () => {
      void this.#look().then(() => {
        if (!this.#isClosed) this.#later();
      });
    });
  }

  async #look(): Promise<void> {
    const { trust, isRefused, isTurn, evict, log } = this.#options;
    for (const cluster of trust.returned) {
      if (!isRefused(cluster) || !isTurn()) continue;
      try {
        await evict(cluster);
        log.warn({ cluster }, 'a cluster that had left was in the registry again; it is taken out');
      } catch (err) {
        log.debug({ err, cluster }, 'a cluster that had left stays in the registry for now');
      }
    }
  }
}
