/** Owns made-up policies of who may ask for what, and made-up requests that they are asked about. */
import { parseClusterName, parseFederationName } from '../../../../core/names.ts';
import type { Exchange } from '../../../../gateway/data/message/exchange.ts';
import type { Tunnel } from '../../../../gateway/data/message/message.ts';
import { Passage } from '../../../../gateway/data/message/passage.ts';
import { clientAt, type Peer } from '../../../../gateway/data/message/peer.ts';
import { noProxies } from '../../../../gateway/data/message/trusted-proxies.ts';
import type { Place } from '../../../../gateway/data/request/authorize/facts.ts';
import { wellKnownNames } from '../../../../gateway/data/wire/http1/field-names.ts';
import { type Authorization, authorizationSchema } from '../../../../policy/authorization.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';

export const place: Place = {
  cluster: parseClusterName('dc1'),
  federation: parseFederationName('acme'),
};

type Written = Extract<PolicyResource, { readonly kind: 'Authorization' }>;

/** A policy as it is in force, named after what it does. */
export function policy(name: string, written: object): Written {
  const { target: _, ...spec } = authorizationSchema.parse(written);
  return {
    kind: 'Authorization',
    name: `Authorization/shop/${name}`,
    target: {},
    spec: spec satisfies Authorization,
  };
}

export const client = clientAt('192.0.2.1', noProxies);
export const gateway: Peer = {
  kind: 'gateway',
  address: '192.0.2.20',
  cluster: parseClusterName('dc2'),
  gateway: 'gw1',
  id: 'spiffe://dc2.acme/gateway/gw1',
};

export interface Asked {
  readonly peer?: Peer;
  readonly method?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly scheme?: string;
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  readonly tunnel?: Tunnel;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The service's named port. */
  readonly portName?: string;
}

/** A request of somebody who shows no certificate. */
export function exchangeOf(asked: Asked = {}): Exchange {
  const { peer = client, fields = {}, claims, portName: _, ...head } = asked;
  const all = (name: string) => [fields[name] ?? []].flat();
  const passage = claims && new Passage();
  if (passage && claims) {
    const { iss, sub } = claims;
    passage.token = { principal: sub === undefined ? undefined : `${iss}/${sub}`, claims };
  }
  return {
    peer,
    passage,
    head: {
      ...{ method: 'GET', authority: 'orders.shop.acme', path: '/', scheme: 'http' },
      fields: {
        all,
        get: (name: string) => all(name)[0],
        allById: (id: number) => all(wellKnownNames[id] ?? ''),
        getById: (id: number) => all(wellKnownNames[id] ?? '')[0],
      },
      tunnel: undefined,
      ...head,
    },
  } as unknown as Exchange;
}
