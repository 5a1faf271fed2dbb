/** Owns who is on the other side of a connection: an outside client, a gateway of a member cluster, or neither. */
import type { Socket } from 'node:net';
import {
  type ClusterName,
  type FederationName,
  isLabel,
  parseClusterName,
} from '../../../core/names.ts';
import { foreignId } from './headers.ts';
import type { ReceivedFields } from './message.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export type Peer =
  /** Somebody on the outbound listener or at an ingress; nothing it says about itself is believed, unless it is a trusted proxy. */
  | {
      readonly kind: 'client';
      readonly address: string;
      /** The element of `x-forwarded-client-cert` about its verified certificate; absent when it showed none. */
      readonly certificate?: string | undefined;
      /** The trust domain outside of the federation whose own bundle vouches for that certificate; absent where no such one does. */
      readonly foreign?: string | undefined;
      /** Present where the client is a trusted proxy, which says for whom it asks. */
      readonly proxies?: TrustedProxies | undefined;
    }
  /** A gateway whose certificate was verified against its own cluster's bundle. */
  | {
      readonly kind: 'gateway';
      readonly address: string;
      readonly cluster: ClusterName;
      readonly gateway: string;
      /** Its SPIFFE ID. */
      readonly id: string;
    }
  /** A verified certificate that is not a gateway's. */
  | { readonly kind: 'stranger'; readonly address: string; readonly id: string };

export type ClientPeer = Peer & { readonly kind: 'client' };

/** A client at that address. */
export function clientAt(address: string, proxies: TrustedProxies): ClientPeer {
  return {
    kind: 'client',
    address,
    certificate: undefined,
    proxies: proxies.has(address) ? proxies : undefined,
  };
}

/** The parts of a verified SPIFFE ID that say who it is. */
interface PeerIdentity {
  readonly trustDomain: string;
  /** Begins with `/`. */
  readonly path: string;
}

/** Reads a verified SPIFFE ID: `spiffe://<cluster>.<federation>/gateway/<id>` is a gateway, all else a stranger. */
export function peerOf(identity: PeerIdentity, federation: FederationName, address: string): Peer {
  const { trustDomain, path } = identity;
  const gateway = /^\/gateway\/([^/]+)$/.exec(path)?.[1];
  const suffix = `.${federation}`;
  const cluster = trustDomain.endsWith(suffix) ? trustDomain.slice(0, -suffix.length) : '';
  const id = `spiffe://${trustDomain}${path}`;
  if (gateway === undefined || !isLabel(gateway) || !isLabel(cluster)) {
    return { kind: 'stranger', address, id };
  }
  return { kind: 'gateway', address, cluster: parseClusterName(cluster), gateway, id };
}

/** The trust domain outside of the federation that a request's client is of, as its gateway verified; undefined for all others. */
export function foreignDomainOf(peer: Peer, fields: Pick<ReceivedFields, 'getById'>) {
  if (peer.kind === 'client') return peer.foreign;
  return peer.kind === 'gateway' ? fields.getById(foreignId) : undefined;
}

/** The cluster that asks by one of its gateways; undefined where a client does. */
export function sourceOf(peer: Peer): ClusterName | undefined {
  return peer.kind === 'gateway' ? peer.cluster : undefined;
}

/** The other side's IP address, IPv4 written as such even when it came in over an IPv6 socket. */
export function addressOf(socket: Pick<Socket, 'remoteAddress'>): string {
  return (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d)/, '');
}
