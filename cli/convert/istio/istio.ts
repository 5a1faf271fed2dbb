/** Owns documents of Istio: which kinds are converted, and in what order, for some say what others mean. */
import { Drafts, labelOf } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import type { Conversion, Source } from '../source.ts';
import { authorizationReasons, convertAuthorizationPolicy } from './authorization-policy.ts';
import { convertDestinationRule, destinationRuleReasons, noteSubsets } from './destination-rule.ts';
import { Hosts } from './hosts.ts';
import { authenticationReasons, convertRequestAuthentication } from './request-authentication.ts';
import { convertServiceEntry, noteOutside, serviceEntryReasons } from './service-entry.ts';
import { convertVirtualService, virtualServiceReasons } from './virtual-service.ts';

interface Placed {
  readonly document: Field;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

const reasons: Readonly<Record<string, Reasons>> = {
  VirtualService: virtualServiceReasons,
  DestinationRule: destinationRuleReasons,
  AuthorizationPolicy: authorizationReasons,
  RequestAuthentication: authenticationReasons,
  ServiceEntry: serviceEntryReasons,
};

/** Kinds that are not converted, and what is there instead. */
const instead: Readonly<Record<string, string>> = {
  Gateway: 'listeners are keys of the configuration: ingress, with its certificates',
  Sidecar: 'there is no proxy beside each workload, and nothing to narrow',
  EnvoyFilter: 'there is no Envoy that it could change',
  WorkloadEntry: 'register workloads as endpoints: `isthmus register`',
  WorkloadGroup: 'register workloads as endpoints: `isthmus register`',
  ProxyConfig: 'there is no proxy beside each workload',
  PeerAuthentication: 'what goes between clusters is under mutual TLS always',
};

export const istio: Source = {
  title: 'Istio',
  recognises: ({ value }) =>
    /^(networking|security)\.istio\.io\//.test(
      String((value as { apiVersion?: unknown }).apiVersion),
    ),
  convert(documents, { namespace: given, trustDomain }): Conversion {
    const drafts = new Drafts();
    const hosts = new Hosts();
    const all = documents.map((document) => placedOf(document, given));
    for (const { document, kind, namespace } of all) {
      if (kind === 'DestinationRule') noteSubsets(document, namespace, hosts);
      if (kind === 'ServiceEntry') noteOutside(document, namespace, hosts);
    }
    const each = (wanted: string, convert: (one: Placed) => void) => {
      for (const one of all) if (one.kind === wanted) convert(one);
    };
    // What rules lead to is known before them, and what they lead to after.
    each('ServiceEntry', ({ document, namespace }) =>
      convertServiceEntry(document, namespace, drafts),
    );
    each('VirtualService', ({ document, ...place }) =>
      convertVirtualService(document, place, hosts, drafts),
    );
    each('DestinationRule', ({ document, namespace }) =>
      convertDestinationRule(document, namespace, hosts, drafts),
    );
    each('AuthorizationPolicy', ({ document, ...place }) =>
      convertAuthorizationPolicy(document, place, { domain: trustDomain }, drafts),
    );
    each('RequestAuthentication', ({ document, ...place }) =>
      convertRequestAuthentication(document, place, drafts),
    );
    for (const { document, kind } of all) {
      if (Object.hasOwn(reasons, kind)) continue;
      document.leave(`${kind} is not converted: ${instead[kind] ?? 'nothing here is like it'}`);
    }
    const made = drafts.finished();
    for (const { document } of all) document.leaveRest();
    return { documents: made, told: all.flatMap(({ document }) => document.told) };
  },
};

/** What else metadata and status have does nothing to traffic. */
function placedOf(document: Field, given: string): Placed {
  const kind = document.text('kind') ?? '';
  const metadata = document.at('metadata')?.take();
  for (const key of ['apiVersion', 'status']) document.at(key)?.take();
  const [name, namespace] = ['name', 'namespace'].map((key) => metadata?.at(key)?.value);
  const label = labelOf(typeof name === 'string' ? name : 'unnamed');
  if (label !== name) (metadata?.at('name') ?? document).differs(`it is called ${label} here`);
  return {
    document: document.withReasons(reasons[kind] ?? {}),
    kind,
    namespace: typeof namespace === 'string' ? namespace : given,
    name: label,
  };
}
