/** Owns reading a question about one request: what it would be as octets, by whom, and at which listener it would come in. */
import { IsthmusError } from '../../../../core/errors.ts';
import { type ClusterName, type FederationName, serviceHost } from '../../../../core/names.ts';
import type { Caller } from '../../../data/balance/types.ts';
import { type Led, ledAt } from '../../../data/explain/ingress.ts';
import type { MadeUp } from '../../../data/explain/made-up.ts';
import { clientAt, type Peer } from '../../../data/message/peer.ts';
import { noProxies, TrustedProxies } from '../../../data/message/trusted-proxies.ts';
import type { SampledRequest } from '../../../data/observe/sampling/sampled-request.ts';
import type { RouteLookup } from '../../../data/request/route/route-table.ts';
import { proxiesOf } from '../../config/data-side-settings.ts';
import type { AskedRequest } from '../schema/request-explanation.ts';
import { ingressesOf } from './explained-facts.ts';
import { callerAt, type ExplainedParts, type Imagined } from './explanation.ts';

export interface Question {
  readonly made: MadeUp;
  /** Whose gateway is asked. */
  readonly caller: Caller;
  /** As in `callerAt`. */
  readonly from: string | undefined;
  /** Where it comes in; `services` finds services by their own names. */
  entranceAt(services: RouteLookup): Led;
  readonly imagined: Imagined;
  readonly notes: readonly string[];
}

const outbound: Led = { kind: 'ends', entrance: { kind: 'outbound' } };
const eastWest: Led = { kind: 'ends', entrance: { kind: 'east-west' } };

/** Throws BODY_INVALID, CLUSTER_NOT_FOUND or NAME_INVALID. */
export function questionOf(gateway: ExplainedParts, asked: AskedRequest): Question {
  const { without, scale, from, as, listener } = asked;
  const caller = callerAt(gateway, from);
  const made = madeUp(gateway, asked, caller.cluster);
  const isIngress = made.scheme === 'https';
  if (listener !== undefined && !isIngress) {
    throw new IsthmusError('BODY_INVALID', {
      what: 'A listener is named for a request that does not come to an ingress',
      where: 'listener',
      fix: 'Ask with a URL of https, or leave out the listener.',
    });
  }
  return {
    ...{ made, caller, from },
    entranceAt: isIngress
      ? ingressFor(gateway, caller.cluster, made.authority, listener)
      : () => outbound,
    imagined: {
      without: new Set(without),
      scale: new Map(Object.entries(scale).map(([name, left]) => [name as ClusterName, left])),
    },
    notes:
      as === undefined || isIngress
        ? []
        : ['Certificates are verified at ingresses: a client of the outbound listener shows none'],
  };
}

/** A request that came is asked about as it came, but for what was not kept of it. */
export function questionOfSampled(gateway: ExplainedParts, sampled: SampledRequest): Question {
  const { method, authority, path, fields, scheme, peer, withheld, withheldParams } = sampled;
  const left = [...withheld, ...withheldParams];
  const caller = callerAt(gateway, undefined);
  const entranceAt =
    peer.kind !== 'client'
      ? () => eastWest
      : scheme === 'https'
        ? ingressFor(gateway, caller.cluster, authority, undefined)
        : () => outbound;
  return {
    made: {
      method,
      authority,
      target: path,
      fields,
      scheme,
      withheld,
      peer: peerOf(gateway, peer),
    },
    ...{ caller, from: undefined, entranceAt },
    imagined: { without: new Set(), scale: new Map() },
    notes: left.length === 0 ? [] : [`Of ${left.join(', ')} no value was kept`],
  };
}

function peerOf({ config }: ExplainedParts, peer: SampledRequest['peer']): Peer {
  if (peer.kind !== 'client') return peer;
  const { isProxy, ...client } = peer;
  const proxies = isProxy ? new TrustedProxies(proxiesOf(config)) : undefined;
  return { ...client, proxies };
}

/** The ingress of that name; else the first at which TLS for the host ends. */
function ingressFor(
  gateway: ExplainedParts,
  cluster: ClusterName,
  authority: string,
  listener: string | undefined,
): Question['entranceAt'] {
  const { config } = gateway;
  if (cluster !== config.cluster) {
    throw new IsthmusError('BODY_INVALID', {
      what: `What ingresses ${cluster} has is not known to ${config.cluster}`,
      where: 'from',
      fix: `Ask a gateway of ${cluster}.`,
    });
  }
  const all = ingressesOf(gateway);
  const named = all.filter(({ spec }) => listener === undefined || spec.name === listener);
  if (named.length === 0) {
    const names = all.map(({ spec }) => spec.name).join(', ');
    throw new IsthmusError('BODY_INVALID', {
      what: listener === undefined ? 'This gateway has no ingress' : `It has no ${listener}`,
      where: listener === undefined ? 'url' : 'listener',
      ...(names !== '' && { fix: `Use one of ${names}.` }),
    });
  }
  return (services) => {
    const led = named.map((one) => ledAt(one, authority, services, config.federation));
    return led.find(({ kind }) => kind !== 'refused') ?? { kind: 'refused' };
  };
}

/** Throws BODY_INVALID. */
function madeUp({ config }: ExplainedParts, asked: AskedRequest, cluster: ClusterName): MadeUp {
  const { service, url, method, headers, token, as, source } = asked;
  if ((service === undefined) === (url === undefined)) {
    throw new IsthmusError('BODY_INVALID', { what: 'Name either a service or a URL' });
  }
  const isGiven = headers.some(({ name }) => name.toLowerCase() === 'authorization');
  if (token !== undefined && isGiven) {
    const what = 'There is a token beside an authorization field';
    throw new IsthmusError('BODY_INVALID', { what, where: 'token' });
  }
  // The proxies of other clusters are not known here.
  const proxies = cluster === config.cluster ? new TrustedProxies(proxiesOf(config)) : noProxies;
  const client = clientAt(source, proxies);
  return {
    method,
    ...placeIn(url, service, config.federation),
    fields: [
      ...headers.flatMap(({ name, value }) => [name, value]),
      ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ],
    peer:
      as === undefined
        ? client
        : { ...client, certificate: `URI=${as}`, foreign: foreignDomainOf(config, as) },
  };
}

/** The trust domain of an identity, where it is one outside of the federation whose bundle is taken. */
function foreignDomainOf({ trust }: ExplainedParts['config'], id: string): string | undefined {
  return trust.foreign
    .map(({ trustDomain }) => trustDomain)
    .find((domain) => id.startsWith(`spiffe://${domain}/`));
}

function placeIn(
  url: string | undefined,
  service: AskedRequest['service'],
  federation: FederationName,
): Pick<MadeUp, 'scheme' | 'authority' | 'target'> {
  if (service !== undefined) return { authority: serviceHost(service, federation), target: '/' };
  const [, scheme, host, target = ''] = /^(https?):\/\/([^/?#]+)([^#]*)/.exec(url ?? '') ?? [];
  if (host === undefined) {
    throw new IsthmusError('BODY_INVALID', {
      what: 'It is no URL of what comes to a gateway: http://HOST/PATH at its outbound listener, https://HOST/PATH at an ingress',
      where: 'url',
    });
  }
  return {
    scheme: scheme === 'https' ? 'https' : 'http',
    authority: host,
    target: target.startsWith('/') ? target : `/${target}`,
  };
}
