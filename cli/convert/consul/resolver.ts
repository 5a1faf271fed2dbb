/** Owns what a service-resolver of Consul says: subsets and redirects for those that lead to the service, and its TrafficPolicy. */
import type { Drafts, ServicePlace } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import type { Backend } from '../rules.ts';
import type { Entry } from './entry.ts';

export const resolverReasons: Reasons = {
  onlyPassing: 'endpoints that are unhealthy take nothing, and those that are unknown are probed',
  'redirect.peer': 'a cluster of the federation is named: datacenter',
  'redirect.partition': 'there are namespaces, and no partitions',
  samenessGroup: 'clusters are named one by one: balance.clusterOrder',
  service: 'a service fails over to itself in other clusters: write a Route to lead elsewhere',
  targets: 'name datacenters: balance.clusterOrder',
  policy: 'clusters are used in their order: balance.order',
  prioritizeByLocality: 'the own zone, region and cluster come first by themselves',
  'leastRequestConfig.choiceCount': 'it is the better of two at random',
  'hashPolicies.terminal': 'one thing is hashed',
};

/** What resolvers and splitters say of services that rules lead to. */
export class Services {
  readonly subsets = new Map<string, Field>();
  readonly defaults = new Map<string, string>();
  readonly redirects = new Map<string, Redirect>();
  readonly splits = new Map<string, (from: Entry) => readonly Backend[]>();

  /** Where a service leads, by its subset or that which is its default; undefined, and told, where that can't be said. */
  backendOf(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    subset: string | undefined,
    from: Field,
    own: string,
  ): Backend | undefined {
    const redirect = this.redirects.get(`${name}.${namespace}`);
    const to = { namespace, name, ...redirect };
    const key = `${to.name}.${to.namespace}`;
    const wanted = subset ?? redirect?.subset ?? this.defaults.get(key);
    const backend = {
      name: to.name,
      ...(to.namespace !== own && { namespace: to.namespace }),
      ...(redirect?.cluster !== undefined && { cluster: redirect.cluster as never }),
    };
    if (wanted === undefined || wanted === '') return backend;
    const field = this.subsets.get(`${key}/${wanted}`);
    const labels = field && labelsOf(field);
    if (labels) return { ...backend, subset: labels };
    from.leave(
      field
        ? `${wanted}: its filter is no comparison of Service.Meta alone, and subsets are said by labels`
        : `${wanted}: no service-resolver here says what it is: give it in the same call`,
    );
    return undefined;
  }
}

interface Redirect {
  readonly name?: string;
  readonly namespace?: string;
  readonly subset?: string;
  readonly cluster?: string;
}

/** `Service.Meta.version == v1 and Service.Meta.tier == "gold"`; undefined for another filter. */
function labelsOf(subset: Field): Record<string, string> | undefined {
  const filter = subset.at('filter')?.value;
  if (typeof filter !== 'string') return undefined;
  const labels: Record<string, string> = {};
  for (const part of filter.split(/\s+and\s+/)) {
    const [, dotted, quoted, bare, text] =
      /^\(?\s*Service\.Meta(?:\.([\w-]+)|\["?([^"\]]+)"?\])\s*==\s*(?:"([^"]*)"|([^\s"()]+))\s*\)?$/.exec(
        part.trim(),
      ) ?? [];
    const [name, value] = [dotted ?? quoted, bare ?? text];
    if (name === undefined || value === undefined) return undefined;
    labels[name] = value;
  }
  return labels;
}

export function noteResolver({ field, name, namespace }: Entry, services: Services): void {
  const key = `${name}.${namespace}`;
  for (const subset of field.at('subsets')?.fields ?? []) {
    services.subsets.set(`${key}/${subset.key}`, subset);
  }
  const whole = field.text('defaultSubset');
  if (whole !== undefined && whole !== '') services.defaults.set(key, whole);
  const redirect = field.at('redirect');
  if (redirect === undefined) return;
  const texts = ['service', 'namespace', 'serviceSubset', 'datacenter'].map(
    (one) => redirect.text(one) || undefined,
  );
  const [service, inNamespace, subset, cluster] = texts;
  services.redirects.set(key, {
    ...(service !== undefined && { name: service }),
    ...(inNamespace !== undefined && { namespace: inNamespace }),
    ...(subset !== undefined && { subset }),
    ...(cluster !== undefined && { cluster }),
  });
}

/** A service with a default subset or a redirect, and neither router nor splitter, has a Route of its own for it. */
export function convertResolver(entry: Entry, services: Services, drafts: Drafts): void {
  const { field, name, namespace, document } = entry;
  const place = { namespace, service: name };
  for (const subset of field.at('subsets')?.fields ?? []) {
    subset.at('filter')?.take();
    if (subset.at('onlyPassing')?.value === false) subset.flag('onlyPassing');
  }
  const key = `${name}.${namespace}`;
  const leads = services.defaults.has(key) || services.redirects.has(key);
  if (leads && !drafts.has('Route', namespace, name)) {
    const backend = services.backendOf({ namespace, name }, undefined, field, namespace);
    if (backend) {
      const spec = {
        parentRefs: [{ kind: 'Service', name }],
        rules: [{ backendRefs: [backend] }],
      };
      drafts.add({ kind: 'Route', namespace, name, spec, from: document });
    }
  }
  timeoutsOf(field, place, drafts);
  failoverOf(field.at('failover'), place, drafts);
  balancerOf(field.at('loadBalancer'), place, drafts);
}

function timeoutsOf(field: Field, place: ServicePlace, drafts: Drafts): void {
  for (const [theirs, ours] of [
    ['connectTimeout', 'connect'],
    ['requestTimeout', 'request'],
  ] as const) {
    const time = field.duration(theirs);
    if (time !== undefined && time !== '0s') drafts.timeoutsOf(place, field)[ours] = time;
  }
}

/** Consul goes to another datacenter once nothing is healthy. */
function failoverOf(from: Field | undefined, place: ServicePlace, drafts: Drafts): void {
  for (const of of from?.fields ?? []) {
    const clusters = of.texts('datacenters');
    if (clusters === undefined || clusters.length === 0) continue;
    if (of.key !== '*') {
      of.leave('a subset fails over as its service does: say it of *');
      continue;
    }
    Object.assign(drafts.balanceOf(place, of), {
      clusterOrder: clusters,
      failover: 'only-when-none-healthy',
    });
    of.at('datacenters')?.differs(
      'other clusters that have the service follow after these: a ServiceExport with `to` keeps them out',
    );
  }
}

const algorithms: Readonly<Record<string, string>> = {
  least_request: 'least-request',
  round_robin: 'round-robin',
  random: 'random',
  ring_hash: 'ring-hash',
  maglev: 'maglev',
};

function balancerOf(from: Field | undefined, place: ServicePlace, drafts: Drafts): void {
  if (from === undefined) return;
  const balance = drafts.balanceOf(place, from);
  const policy = from.text('policy');
  if (policy !== undefined && policy !== '' && algorithms[policy] === undefined) {
    from.at('policy')?.leave(`use one of ${Object.keys(algorithms).join(', ')}`);
  }
  balance['algorithm'] = policy === undefined ? undefined : algorithms[policy];
  const ring = from.at('ringHashConfig');
  if (ring) {
    balance['ringHash'] = {
      minimumRingSize: ring.number('minimumRingSize'),
      maximumRingSize: ring.number('maximumRingSize'),
    };
  }
  const [hash, ...more] = from.list('hashPolicies');
  for (const one of more) one.leave('one thing is hashed, that which is said first');
  if (hash) Object.assign(balance, hashOf(hash));
}

function hashOf(from: Field): Record<string, unknown> {
  if (from.flag('sourceIP')) return { hash: 'source' };
  const [field, value] = [from.text('field'), from.text('fieldValue')];
  const config = from.at('cookieConfig');
  if (config) {
    const [ttl, path] = [config.duration('ttl'), config.text('path')];
    if (config.flag('session')) return { affinity: { cookie: { name: value, path } } };
    if (ttl !== undefined) return { affinity: { cookie: { name: value, ttl, path } } };
  }
  if (field === 'header') return { hash: { header: value } };
  if (field === 'cookie') return { hash: { cookie: value } };
  if (field === 'query_parameter') return { hash: { query: value } };
  from.leave('it does not say what is hashed');
  return {};
}
