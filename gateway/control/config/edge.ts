/** Owns the part of the configuration for clients from outside: `tcp` listeners and the TLS `ingress`. */
import { z } from 'zod';
import { durationSchema } from '../../../core/duration.ts';
import { type AskedName, askedName, serviceName } from '../../../core/names.ts';
import { addressSchema, askedNameSchema, type Protocol } from '../../../registry/model.ts';
import type { NamedPort } from '../../../registry/ports.ts';
import { normalPath } from '../../data/request/normalize.ts';
import { isHostPattern } from '../../data/request/route/host-pattern.ts';
import { refuseTwice } from './lists.ts';
import { trustDomainSchema } from './trust-domain.ts';

const hostSchema = z
  .string()
  .refine(isHostPattern, 'use a DNS name in lower case, or *. and one, such as *.example.com');

/** Whether connections begin with a PROXY protocol header, which then only `trustedProxies` may send; default false. */
const proxyProtocolSchema = z.boolean().default(false);

const tcpSchema = z.strictObject({
  listen: addressSchema,
  proxyProtocol: proxyProtocolSchema,
  /** `<service>.<namespace>`, or a named port of it, of protocol `tcp` or `tls`. */
  service: askedNameSchema,
});

const certificateSchema = z.strictObject({
  /** PEM files: the certificate with its chain, and its private key. */
  cert: z.string().min(1),
  key: z.string().min(1),
  /** Server names it is for; default the DNS names in it. */
  hosts: z
    .array(hostSchema)
    .min(1)
    .superRefine(refuseTwice('', (host) => host))
    .optional(),
  /** Whether clients get it that name no server, or one nobody knows here; default false: they are refused. */
  default: z.boolean().default(false),
});

/** Requests have normal paths: no other route would ever be found. */
function refuseUnusual(path: string, context: z.RefinementCtx): void {
  const normal = normalPath(path, 'refuse');
  if (normal === path) return;
  const message = typeof normal === 'string' ? `write it as ${normal}` : `it has ${normal.what}`;
  context.addIssue({ code: 'custom', message });
}

const routeSchema = z.strictObject({
  host: hostSchema,
  /** Path and everything below it; the longest that fits wins. Default `/`. */
  path: z
    .string()
    .regex(/^\/([\w.~!$&'()*+,;=:@%-]+(\/|$))*$/, 'use a path such as /api')
    .superRefine(refuseUnusual)
    .default('/'),
  service: askedNameSchema,
});

const passthroughSchema = z.strictObject({
  host: hostSchema,
  /** `<service>.<namespace>`, or a named port of it, of protocol `tls` or `tcp`. */
  service: askedNameSchema,
});

const ingressItemSchema = z
  .strictObject({
    listen: addressSchema,
    proxyProtocol: proxyProtocolSchema,
    certificates: z.array(certificateSchema).max(1000).default([]),
    /** Whether HTTP/1.1 and HTTP/2 are spoken to clients; default both. */
    http: z.boolean().default(true),
    http2: z.boolean().default(true),
    /** Asks clients for certificates: by the authorities in the PEM file `ca`, or of workloads outside of the federation. */
    clientCertificates: z
      .strictObject({
        ca: z.string().min(1).optional(),
        /** Trust domains of `trust.foreign` whose workloads may come in, each by its own bundle. */
        trustDomains: z
          .array(trustDomainSchema)
          .min(1)
          .superRefine(refuseTwice('', (one) => one))
          .optional(),
        /** Whether clients without one are refused; default true. One that is wrong is refused in any case. */
        required: z.boolean().default(true),
      })
      .refine(
        ({ ca, trustDomains }) => ca !== undefined || trustDomains !== undefined,
        'give ca, trustDomains or both: nobody could come in',
      )
      .optional(),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
    /** From the connection to the end of the handshake. Default 10s. */
    handshakeTimeout: durationSchema.default(10_000),
    /** Whether services are reached by their own names too, `<service>.<namespace>.<federation>`. Default true. */
    serviceNames: z.boolean().default(true),
    routes: z
      .array(routeSchema)
      .superRefine(refuseTwice('host', ({ host, path }) => `${host}${path}`))
      .default([]),
    /** Gets requests that fit no route, and those of HTTP/1.0 that name no host. Default: they are refused. */
    defaultService: askedNameSchema.optional(),
    /** Names whose TLS is not ended here but passed on as it is. */
    passthrough: z
      .array(passthroughSchema)
      .superRefine(refuseTwice('host', ({ host }) => host))
      .default([]),
  })
  .superRefine(refuseContradictions);

type TcpConfig = z.output<typeof tcpSchema>;
export type IngressConfig = z.output<typeof ingressItemSchema>;
export type CertificateConfig = IngressConfig['certificates'][number];

type ItemParts = Pick<
  z.output<typeof ingressItemSchema>,
  'certificates' | 'defaultService' | 'http' | 'http2' | 'passthrough' | 'routes' | 'serviceNames'
>;

function refuseContradictions(item: ItemParts, context: z.RefinementCtx): void {
  const { certificates, defaultService, http, http2, passthrough, routes, serviceNames } = item;
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  if (!http && !http2) complain(['http2'], 'neither HTTP/1.1 nor HTTP/2 would be spoken');
  if (certificates.length === 0 && passthrough.length === 0 && !serviceNames) {
    complain([], 'it has neither certificates nor passthrough, and would serve nobody');
  }
  if (certificates.length === 0 && routes.length > 0) {
    complain(['routes'], 'routes need certificates: only TLS that ends here can be read');
  }
  if (certificates.length === 0 && defaultService !== undefined) {
    complain(['defaultService'], 'it needs certificates: only TLS that ends here can be read');
  }
  const terminated = new Set<string>();
  let hasDefault = false;
  for (const [i, { hosts = [], default: isDefault }] of certificates.entries()) {
    if (isDefault && hasDefault) {
      complain(['certificates', i, 'default'], 'another certificate is the default already');
    }
    hasDefault ||= isDefault;
    for (const [j, host] of hosts.entries()) {
      if (terminated.has(host)) {
        complain(['certificates', i, 'hosts', j], `${host} has another certificate already`);
      }
      terminated.add(host);
    }
  }
  for (const [i, { host }] of passthrough.entries()) {
    if (terminated.has(host)) {
      complain(['passthrough', i, 'host'], `${host} has a certificate: its TLS ends here`);
    }
  }
}

export const tcpListSchema = z.array(tcpSchema).default([]);
export const ingressListSchema = z.array(ingressItemSchema).default([]);

interface ServiceParts {
  readonly name: string;
  readonly namespace: string;
  readonly protocol: Protocol;
  readonly ports?: readonly NamedPort[] | undefined;
}

interface EdgeParts {
  readonly tcp: readonly TcpConfig[];
  readonly ingress: readonly IngressConfig[];
  readonly services: readonly ServiceParts[];
}

/** Protocols whose octets pass as they are. */
const raw: readonly Protocol[] = ['tcp', 'tls'];

/** Refuses two listeners on one address, and services configured here whose protocol does not fit the listener that leads to them. */
export function checkEdge(config: EdgeParts, context: z.RefinementCtx): void {
  const { tcp, ingress, services } = config;
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const spoken = new Map(services.flatMap(protocolsOf));
  const check = (
    path: (string | number)[],
    service: AskedName,
    isRaw: boolean,
    key = 'service',
  ) => {
    const protocol = spoken.get(service);
    if (protocol === undefined || raw.includes(protocol) === isRaw) return;
    const needs = isRaw ? 'tcp or tls' : 'http, http2 or grpc';
    complain([...path, key], `${service} speaks ${protocol}; it would have to be ${needs}`);
  };
  for (const [i, { service }] of tcp.entries()) check(['tcp', i], service, true);
  for (const [i, { routes, passthrough, defaultService }] of ingress.entries()) {
    if (defaultService !== undefined) {
      check(['ingress', i], defaultService, false, 'defaultService');
    }
    for (const [j, { service }] of routes.entries()) {
      check(['ingress', i, 'routes', j], service, false);
    }
    for (const [j, { service }] of passthrough.entries()) {
      check(['ingress', i, 'passthrough', j], service, true);
    }
  }
  refuseSameAddress({ tcp, ingress }, complain);
}

/** What is spoken at the ports of a service. */
function protocolsOf({ name, namespace, protocol, ports = [] }: ServiceParts) {
  const service = serviceName(namespace, name);
  const named = ports.map((port) => [askedName({ service, port: port.name }), port.protocol]);
  return [[service, protocol], ...named] as [AskedName, Protocol][];
}

function refuseSameAddress(
  lists: Readonly<Record<string, readonly { readonly listen: string }[]>>,
  complain: (path: (string | number)[], message: string) => void,
): void {
  const taken = new Set<string>();
  for (const [key, items] of Object.entries(lists)) {
    for (const [i, { listen }] of items.entries()) {
      // Any number may listen on port 0: each gets a free one.
      if (!/:0+$/.test(listen) && taken.has(listen)) {
        complain([key, i, 'listen'], `${listen} is there twice`);
      }
      taken.add(listen);
    }
  }
}
