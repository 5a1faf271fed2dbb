/** Owns what a service-splitter of Consul says: the backends that its service's requests are split over, by weight. */
import { changesOf } from '../changes.ts';
import { type Drafts, labelOf } from '../drafts.ts';
import type { Reasons } from '../field.ts';
import type { Backend } from '../rules.ts';
import type { Entry } from './entry.ts';
import type { Services } from './resolver.ts';

export const splitterReasons: Reasons = {
  'splits.partition': 'there are namespaces, and no partitions',
};

/** Routers that lead to the service split as well. */
export function noteSplitter(entry: Entry, services: Services): void {
  const key = `${entry.name}.${entry.namespace}`;
  let backends: readonly Backend[] | undefined;
  services.splits.set(key, () => {
    backends ??= backendsOf(entry, services);
    return backends;
  });
}

/** Where a router has made a Route for the service, that splits. */
export function convertSplitter(entry: Entry, services: Services, drafts: Drafts): void {
  const { name, namespace, document } = entry;
  const backendRefs = services.splits.get(`${name}.${namespace}`)?.(entry) ?? [];
  if (backendRefs.length === 0 || drafts.has('Route', namespace, name)) return;
  const spec = { parentRefs: [{ kind: 'Service', name }], rules: [{ backendRefs }] };
  drafts.add({ kind: 'Route', namespace, name, spec, from: document });
}

function backendsOf({ field, name, namespace }: Entry, services: Services): Backend[] {
  return field.list('splits').flatMap((split) => {
    const [service, subset] = [split.text('service'), split.text('serviceSubset')];
    const place = {
      name: labelOf(service || name),
      namespace: labelOf(split.text('namespace') || namespace),
    };
    const weight = split.number('weight');
    const filters = [
      ...changesOf('request', split.at('requestHeaders')),
      ...changesOf('response', split.at('responseHeaders')),
    ];
    const backend = services.backendOf(place, subset || undefined, split, namespace);
    if (backend === undefined) return [];
    return [
      {
        ...backend,
        // Shares are of 100 there, to the hundredth.
        weight: Math.round((weight ?? 0) * 100),
        ...(filters.length > 0 && { filters }),
      },
    ];
  });
}
