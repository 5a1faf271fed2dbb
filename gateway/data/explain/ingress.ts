/** Owns the entrance that an ingress would be to a request: the certificate by the server that is named, and the routes behind it. */
import { type FederationName, serviceHost } from '../../../core/names.ts';
import { hostIn } from '../../../core/uri-authority.ts';
import { Destinations } from '../listen/destinations.ts';
import type { IngressSpec } from '../listen/ingress-spec.ts';
import type { Entrance } from '../request/chain.ts';
import { IngressRoutes } from '../request/route/ingress-routes.ts';
import type { RouteLookup } from '../request/route/route-table.ts';

/** An ingress, and the names that its certificates are for. */
export interface KnownIngress {
  readonly spec: IngressSpec;
  readonly certificates: readonly {
    readonly hosts: readonly string[];
    readonly isDefault: boolean;
  }[];
}

/** Whether TLS for a host ends there, is passed on as it is, or is refused. */
export type Led =
  | { readonly kind: 'ends'; readonly entrance: Entrance }
  | { readonly kind: 'passed'; readonly authority: string }
  | { readonly kind: 'refused' };

/** `services` finds services by their own names. */
export function ledAt(
  { spec, certificates }: KnownIngress,
  authority: string,
  services: RouteLookup,
  federation: FederationName,
): Led {
  const { routes, serviceNames, defaultService, name, passthrough } = spec;
  const destinations = new Destinations<readonly string[]>({
    terminators: certificates.map(({ hosts, isDefault }) => ({ by: hosts, hosts, isDefault })),
    passthrough: passthrough.map(({ host, service }) => ({
      host,
      authority: serviceHost(service, federation),
    })),
    isTlsService: (host) => serviceNames && services.find(host, '')?.protocol === 'tls',
  });
  const led = destinations.find(hostIn(authority));
  if (led === undefined) return { kind: 'refused' };
  if (led.kind === 'pass') return { kind: 'passed', authority: led.authority };
  const entrance: Entrance = {
    kind: 'ingress',
    routes: new IngressRoutes(routes, services, federation, serviceNames, defaultService, name),
    hosts: led.by,
    isPassed: (host) => destinations.isPassed(host),
    defaultAuthority: defaultService && serviceHost(defaultService, federation),
  };
  return { kind: 'ends', entrance };
}
