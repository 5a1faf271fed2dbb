/** Owns a worker's copy of what the control side knows: replaced piece by piece by its updates, only read by requests. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { ClusterFacts } from '../../balance/view.ts';
import type { ServiceFacts } from '../facts.ts';
import type { DataEffects, ServiceSettings, Settings, Update } from '../protocol.ts';
import { entriesOf, SheetEntry } from '../sheet.ts';

export class World {
  /** Facts are read from their sheet when they are first asked for, and kept then. */
  readonly #services = new Map<ServiceName, SheetEntry | ServiceFacts>();
  #clusters: ReadonlyMap<ClusterName, ClusterFacts> = new Map();
  #settings: Settings;
  #effects: DataEffects = { shifts: [], faults: [] };

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get clusters(): ReadonlyMap<ClusterName, ClusterFacts> {
    return this.#clusters;
  }

  /** Takes in what an update says. Returns the services it speaks of. */
  take({ services = [], isWhole, clusters, settings, effects }: Update): ServiceName[] {
    if (isWhole) this.#services.clear();
    if (settings) this.#settings = settings;
    if (effects) this.#effects = effects;
    if (clusters) this.#clusters = clusters;
    const changed: ServiceName[] = [];
    for (const sheet of services) {
      for (const [service, entry] of entriesOf(sheet)) {
        if (entry) this.#services.set(service, entry);
        else this.#services.delete(service);
        changed.push(service);
      }
    }
    return changed;
  }

  /** Undefined when nobody has the service. */
  facts(service: ServiceName): ServiceFacts | undefined {
    const held = this.#services.get(service);
    if (!(held instanceof SheetEntry)) return held;
    const facts = held.read();
    this.#services.set(service, facts);
    return facts;
  }

  get effects(): DataEffects {
    return this.#effects;
  }

  settings(service: ServiceName): ServiceSettings {
    return this.#settings.services.get(service) ?? this.#settings;
  }
}
