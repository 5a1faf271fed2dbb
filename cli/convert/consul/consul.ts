/** Owns configuration entries of Consul, as `consul config read` prints them or as Kubernetes has them: which kinds are converted, and in what order. */
import { Drafts } from '../drafts.ts';
import type { Reasons } from '../field.ts';
import type { Conversion, Source } from '../source.ts';
import { convertDefaults, defaultsReasons } from './defaults.ts';
import { type Entry, entryOf } from './entry.ts';
import { convertIntentions, intentionsReasons } from './intentions.ts';
import { Providers, providerReasons } from './jwt-provider.ts';
import { convertResolver, noteResolver, resolverReasons, Services } from './resolver.ts';
import { convertRouter, routerReasons } from './router.ts';
import { convertSplitter, noteSplitter, splitterReasons } from './splitter.ts';

const reasons: Readonly<Record<string, Reasons>> = {
  'service-defaults': defaultsReasons,
  'service-resolver': resolverReasons,
  'service-splitter': splitterReasons,
  'service-router': routerReasons,
  'service-intentions': intentionsReasons,
  'jwt-provider': providerReasons,
};

/** What is not converted, and what is there instead. */
const instead: Readonly<Record<string, string>> = {
  'proxy-defaults': 'say it of each namespace or service: a TrafficPolicy',
  'ingress-gateway': 'listeners are keys of the configuration: ingress',
  'api-gateway': 'listeners are keys of the configuration: ingress',
  'http-route': 'write it as an HTTPRoute of the Gateway API, which `isthmus apply` takes',
  'terminating-gateway': 'write an Egress for each outside host',
  'exported-services': 'services are exported by default; a ServiceExport says to whom',
  mesh: 'gateways have no settings of a mesh',
};

export const consul: Source = {
  title: 'Consul',
  recognises: ({ value }) => {
    const of = value as Record<string, unknown>;
    if (/^consul\.hashicorp\.com\//.test(String(of['apiVersion']))) return true;
    const kind = String(of['Kind'] ?? of['kind']);
    return of['apiVersion'] === undefined && (kind in reasons || kind in instead);
  },
  // Routes, routes; RetryOnStatusCodes, retryOnStatusCodes, retry_on_status_codes.
  spelling: (key) => key.replaceAll('_', '').toLowerCase(),
  convert(documents, { namespace, trustDomain }): Conversion {
    const drafts = new Drafts();
    const services = new Services();
    const providers = new Providers();
    const all = documents.map((document) => entryOf(document, namespace, reasons));
    const each = (wanted: string, convert: (one: Entry) => void) => {
      for (const one of all) if (one.kind === wanted) convert(one);
    };
    // What routers lead to is known before them.
    each('service-resolver', (one) => noteResolver(one, services));
    each('service-splitter', (one) => noteSplitter(one, services));
    each('service-router', (one) => convertRouter(one, services, drafts));
    each('service-splitter', (one) => convertSplitter(one, services, drafts));
    each('service-resolver', (one) => convertResolver(one, services, drafts));
    each('service-defaults', (one) => convertDefaults(one, drafts));
    each('jwt-provider', (one) => providers.add(one));
    each('service-intentions', (one) => convertIntentions(one, trustDomain, providers, drafts));
    providers.leaveUnnamed();
    for (const { document, kind } of all) {
      if (Object.hasOwn(reasons, kind)) continue;
      document.leave(`${kind} is not converted: ${instead[kind] ?? 'nothing here is like it'}`);
    }
    const made = drafts.finished();
    for (const { document } of all) document.leaveRest();
    return { documents: made, told: all.flatMap(({ document }) => document.told) };
  },
};
