/** Owns whether this gateway's place in the registry is its own: another one by the same id may be there, or come. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { FederationName } from '../../../core/names.ts';
import { encodeKey } from '../../../registry/keys.ts';
import type { GatewayRecord } from '../../../registry/model.ts';
import type { ClusterView } from '../../../registry/snapshot.ts';

interface OwnPlaceOptions {
  readonly federation: FederationName;
  /** This gateway as it would stand there. */
  self(): GatewayRecord;
  /** The place is taken, or free again. */
  changed(): void;
  readonly log: Log;
}

export class OwnPlace {
  readonly #options: OwnPlaceOptions;
  #problem: IsthmusError | undefined;

  constructor(options: OwnPlaceOptions) {
    this.#options = options;
  }

  /** GATEWAY_ID_TAKEN, if so when it was last looked at. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** The registry's key for it. */
  get key(): string {
    const { cluster, id } = this.#options.self();
    return encodeKey(this.#options.federation, { kind: 'gateways', cluster, id });
  }

  /** Looks before anything is said in this gateway's name. Whether it may be. */
  isFree(own: ClusterView | undefined): boolean {
    const { changed, log } = this.#options;
    const other = this.#other(own);
    if ((other === undefined) !== (this.#problem === undefined)) {
      this.#problem = other && this.#taken(other);
      if (other) log.error({ err: this.#problem }, 'nothing is said of this gateway');
      changed();
    }
    return other === undefined;
  }

  /** Looks afterwards. Where both wrote there as neither knew of the other, it stays with the one that runs for longer. */
  look(own: ClusterView | undefined): 'own' | 'written-over' | 'lost' {
    const other = this.#other(own);
    if (!other) return 'own';
    return other.startedAt > this.#options.self().startedAt ? 'written-over' : 'lost';
  }

  #other(own: ClusterView | undefined): GatewayRecord | undefined {
    const { id, instance } = this.#options.self();
    const there = own?.gateways.get(id);
    return there?.instance === undefined || there.instance === instance ? undefined : there;
  }

  #taken({ cluster, id, startedAt }: GatewayRecord): IsthmusError {
    const since = new Date(startedAt).toISOString();
    return new IsthmusError('GATEWAY_ID_TAKEN', {
      what: `Another gateway of ${cluster} is called ${id} as well, and runs since ${since}`,
      where: this.key,
    });
  }
}
