/** Owns what the data side needs to know of a service, and nothing more: records are cut down to it before they travel. */
import type { ClusterName } from '../../../core/names.ts';
import type { EndpointFacts, ExportFacts } from '../balance/view.ts';

export interface ServiceFacts {
  /** Endpoints of the own cluster: this gateway's and its siblings'. */
  readonly endpoints: readonly EndpointFacts[];
  readonly exports: ReadonlyMap<ClusterName, ExportFacts>;
}

/** The facts of a service; undefined when nobody has it. An empty summary is left of an export that ended. */
export function serviceFacts(
  endpoints: Iterable<EndpointFacts>,
  exports: ReadonlyMap<ClusterName, ExportFacts> | undefined,
): ServiceFacts | undefined {
  const own = Array.from(endpoints, endpointFacts);
  const offered = [...(exports?.values() ?? [])].filter(({ localities }) => localities.length > 0);
  if (own.length === 0 && offered.length === 0) return undefined;
  return {
    endpoints: own,
    exports: new Map(
      offered.map(({ cluster, protocol, localities, labels, ports }) => [
        cluster,
        { cluster, protocol, localities, ...(labels && { labels }), ...(ports && { ports }) },
      ]),
    ),
  };
}

function endpointFacts(endpoint: EndpointFacts): EndpointFacts {
  const { cluster, id, address, port, region, zone, weight, protocol, health, exported } = endpoint;
  const { labels = {}, ports } = endpoint;
  const told = { cluster, id, address, port, region, zone, weight, protocol, health, exported };
  return {
    ...told,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(ports && { ports }),
  };
}
