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
  readonly copies: RunningCopies;
  readonly log: Log;
}

/**
 * Other processes of the same data folder, or a copy of it, that wrote in this one's place after it had: when each was started, by how often. Outlasts
 * sessions; a process that a crash ended writes nothing any more.
 */
export type RunningCopies = Map<number, number>;

/** So often a registry that is restored from a backup does not bring the same record back. */
const surelyRuns = 2;

export class OwnPlace {
  readonly #options: OwnPlaceOptions;
  #problem: IsthmusError | undefined;
  /** Whether the registry was seen to have what this process said of itself. */
  #isSaid = false;

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
      this.#problem = other && this.#taken(other, own);
      if (other) log.error({ err: this.#problem }, 'nothing is said of this gateway');
      changed();
    }
    return other === undefined;
  }

  /**
   * Looks afterwards. Where both wrote there as neither knew of the other, it stays with the one that runs for longer; an older process of a
   * copy of the data folder has to show that it runs.
   */
  look(own: ClusterView | undefined): 'own' | 'written-over' | 'lost' {
    const self = this.#options.self();
    const there = own?.gateways.get(self.id);
    if (there && isSame(there, self)) this.#isSaid = true;
    else if (there && this.#isSaid && there.instance === self.instance) {
      const { copies } = this.#options;
      copies.set(there.startedAt, (copies.get(there.startedAt) ?? 0) + 1);
      this.#isSaid = false;
      return this.#other(own) ? 'lost' : 'written-over';
    }
    const other = this.#other(own);
    if (!other) return 'own';
    return other.startedAt > self.startedAt ? 'written-over' : 'lost';
  }

  /** Another gateway that is there: of another data folder, or of a copy of this one that was seen to run. */
  #other(own: ClusterView | undefined): GatewayRecord | undefined {
    const { id, instance, startedAt } = this.#options.self();
    const there = own?.gateways.get(id);
    if (there?.instance === undefined) return undefined;
    if (there.instance !== instance) return there;
    const times = this.#options.copies.get(there.startedAt) ?? 0;
    return there.startedAt < startedAt && times >= surelyRuns ? there : undefined;
  }

  #taken({ cluster, id, startedAt, instance }: GatewayRecord, own: ClusterView | undefined) {
    const since = new Date(startedAt).toISOString();
    const at = own?.record?.gateways?.[id]?.eastWest.join(' and ');
    const isCopy = instance === this.#options.self().instance;
    return new IsthmusError('GATEWAY_ID_TAKEN', {
      what: `Another gateway of ${cluster} is called ${id} as well, and runs since ${since}${at ? ` at ${at}` : ''}${isCopy ? ', from a copy of the data folder that this one has' : ''}`,
      where: this.key,
    });
  }
}

/** Whether it is one process that says so. */
function isSame(a: GatewayRecord, b: GatewayRecord): boolean {
  return a.instance === b.instance && a.startedAt === b.startedAt;
}
