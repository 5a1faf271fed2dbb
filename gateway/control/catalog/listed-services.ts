/** Owns the names of the services that are listed, in the order in which people look for them: kept while services come and go, for to sort them all takes longer than an answer may. */
import type { ServiceName } from '../../../core/names.ts';
import { byNaturalOrder } from '../../../core/text-order.ts';
import type { ServiceView, Snapshot } from '../../../registry/snapshot.ts';
import type { Changes } from '../changes.ts';
import type { Catalog } from './catalog.ts';

interface ListedServicesOptions {
  readonly catalog: Pick<Catalog, 'hasService' | 'services'>;
  readonly changes: Pick<Changes, 'join'>;
  snapshot(): Snapshot;
}

/** Services that are registered here, have endpoints in this cluster, or are offered by any. */
export class ListedServices {
  readonly #options: ListedServicesOptions;
  /** Sorted, each once; undefined before somebody asks, and once all may be others. */
  #names: ServiceName[] | undefined;
  /** The same: most changes neither add nor remove one, which is to be seen without a search. */
  readonly #listed = new Set<ServiceName>();

  constructor(options: ListedServicesOptions) {
    this.#options = options;
    options.changes.join({
      endpoints: (service) => this.#look(service),
      snapshot: ({ services }) => {
        for (const service of services) this.#look(service);
      },
      membership: () => {
        this.#names = undefined;
      },
    });
  }

  /** All of them. */
  get names(): readonly ServiceName[] {
    this.#names ??= this.#sorted();
    return this.#names;
  }

  /** Those from a name on, whether or not it is one of them; default all. */
  *from(name = ''): Generator<ServiceName> {
    const { names } = this;
    for (let i = placeOf(names, name); i < names.length; i++) yield names[i] as ServiceName;
  }

  #sorted(): ServiceName[] {
    const { catalog, snapshot } = this.#options;
    const listed = this.#listed;
    listed.clear();
    for (const service of catalog.services()) listed.add(service);
    for (const view of snapshot().services.values()) {
      if (isOffered(view)) listed.add(view.service);
    }
    return [...listed].sort(byNaturalOrder);
  }

  #look(service: ServiceName): void {
    const names = this.#names;
    if (names === undefined) return;
    const { catalog, snapshot } = this.#options;
    const isListed = catalog.hasService(service) || isOffered(snapshot().services.get(service));
    if (isListed === this.#listed.has(service)) return;
    const place = placeOf(names, service);
    if (isListed) {
      this.#listed.add(service);
      names.splice(place, 0, service);
    } else {
      this.#listed.delete(service);
      names.splice(place, 1);
    }
  }
}

function isOffered(view: ServiceView | undefined): boolean {
  if (view === undefined) return false;
  return (
    view.endpoints.size > 0 || view.exports.values().some(({ localities }) => localities.length > 0)
  );
}

/** Where a name is in sorted ones, or would be. */
function placeOf(names: readonly string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byNaturalOrder(names[middle] as string, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
