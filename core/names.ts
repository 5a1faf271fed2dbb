/** Owns the names of the federation (cluster, namespace, service, locality) as values that are valid by construction. */
import { IsthmusError } from './errors.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** One DNS label: the name of a cluster. */
export type ClusterName = Branded<'ClusterName'>;
/** A DNS name of one or more labels, such as `acme` or `prod.acme.example`. */
export type FederationName = Branded<'FederationName'>;
/** `<service>.<namespace>`: one service of the federation, wherever it runs. */
export type ServiceName = Branded<'ServiceName'>;
/** What clients ask for: a service, or `<port>.<service>.<namespace>`, one of its ports that have a name. */
export type AskedName = ServiceName | Branded<'AskedName'>;

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function invalid(kind: string, text: string, rule: string): IsthmusError {
  return new IsthmusError('NAME_INVALID', {
    what: `${JSON.stringify(text.slice(0, 80))} is not a valid ${kind} name`,
    fix: rule,
  });
}

const labelRule =
  'Use lower-case letters, digits and inner hyphens, at most 63 characters (a DNS label, RFC 1123).';

/** True for a DNS label in lower case (RFC 1123): the rule for clusters, namespaces, services, zones and endpoint ids. */
export function isLabel(text: string): boolean {
  return label.test(text);
}

export function parseClusterName(text: string): ClusterName {
  if (!isLabel(text)) throw invalid('cluster', text, labelRule);
  return text as ClusterName;
}

export function parseFederationName(text: string): FederationName {
  if (text.length > 120 || !text.split('.').every(isLabel)) {
    throw invalid(
      'federation',
      text,
      'Use one or more DNS labels in lower case, at most 120 characters.',
    );
  }
  return text as FederationName;
}

/** Accepts `<service>.<namespace>` and, when `federation` is given, the full `<service>.<namespace>.<federation>`. */
export function parseServiceName(text: string, federation?: FederationName): ServiceName {
  const suffix = federation === undefined ? '' : `.${federation}`;
  // A namespace may be named like the federation: two labels are a whole name already.
  const isFull = suffix !== '' && text.endsWith(suffix) && text.split('.').length > 2;
  const short = isFull ? text.slice(0, -suffix.length) : text;
  const labels = short.split('.');
  if (labels.length !== 2 || !labels.every(isLabel)) {
    throw invalid('service', text, `Use <service>.<namespace>${suffix}; each part: ${labelRule}`);
  }
  return short as ServiceName;
}

export function serviceName(namespace: string, service: string): ServiceName {
  return parseServiceName(`${service}.${namespace}`);
}

/** An `AskedName` in its parts. */
export interface AskedService {
  readonly service: ServiceName;
  /** Absent: the port that endpoints have without a name. */
  readonly port?: string | undefined;
}

/** Reads `<service>.<namespace>` or `<port>.<service>.<namespace>`; undefined for anything else. */
export function readAskedService(text: string): AskedService | undefined {
  const labels = text.split('.');
  if (labels.length < 2 || labels.length > 3 || !labels.every(isLabel)) return undefined;
  if (labels.length === 2) return { service: text as ServiceName };
  const port = labels[0] as string;
  return { service: text.slice(port.length + 1) as ServiceName, port };
}

/** Accepts the same with `.<federation>` behind it where `federation` is given, and reads it so wherever it can. */
export function parseAskedName(text: string, federation?: FederationName): AskedService {
  const suffix = federation === undefined ? '' : `.${federation}`;
  const whole = suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  const asked = readAskedService(whole) ?? readAskedService(text);
  if (asked !== undefined) return asked;
  const form = `Use <service>.<namespace>${suffix}, or a named port: <port>.<service>.<namespace>${suffix}`;
  throw invalid('service', text, `${form}; each part: ${labelRule}`);
}

/** `orders.shop`, or `grpc.orders.shop` for a port that has a name. */
export function askedName({ service, port }: AskedService): AskedName {
  return (port === undefined ? service : `${port}.${service}`) as AskedName;
}

/** The two parts of a service name, as the registry's keys hold them. */
export function serviceParts(name: ServiceName): { service: string; namespace: string } {
  const dot = name.indexOf('.');
  return { service: name.slice(0, dot), namespace: name.slice(dot + 1) };
}

/** The host a client uses: `<service>.<namespace>.<federation>`. */
export function serviceHost(name: AskedName, federation: FederationName): string {
  return `${name}.${federation}`;
}

/** The cluster's SPIFFE trust domain: `<cluster>.<federation>`. */
export function trustDomainOf(cluster: ClusterName, federation: FederationName): string {
  return `${cluster}.${federation}`;
}
