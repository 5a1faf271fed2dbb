/** Owns the messages of the federation protocol: their types here, as `proto/federation.proto` defines them. */
import { fileURLToPath } from 'node:url';
import { serviceIn } from '../core/grpc-service.ts';
import type { Signature } from '../registry/model.ts';
import type { Line } from './preflight.ts';

/** Version of the protocol between gateways that this one speaks. */
export const protocolVersion = 1;

/** A join request is a few kilobytes; more is not one. */
export const maxRequestBytes = 256 * 1024;
/** An answer carries two records per member. */
export const maxReplyBytes = 4 * 1024 * 1024;

export interface JoinRequest {
  readonly protocolVersion: number;
  readonly federation: string;
  readonly cluster: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly clusterRecord: string;
  readonly bundleRecord: string;
  readonly proof: Signature | null;
  /** The joiner's wall clock in milliseconds; 0, or nothing, where it does not say. */
  readonly timeMs?: number;
  /** To be previewed by all that would refuse it, not by the first. */
  readonly wantsLines?: boolean;
}

/** One member's registry values as they are stored. */
export interface MemberRecords {
  readonly clusterRecord: string;
  readonly bundleRecord: string;
}

export interface JoinReply {
  readonly members: readonly MemberRecords[];
  readonly registry: {
    readonly kind: string;
    readonly endpoints: readonly string[];
    /** Empty for etcd. */
    readonly hostTrustDomain: string;
  } | null;
  /** Empty, or absent, where the founder is not known to who answers. */
  readonly charter?: string;
  /** Of a preview that wants lines, as is the rest. */
  readonly lines?: readonly Line[];
  /** When the request was heard, and answered, by the clock of who answers; 0 or absent in version 0.1. */
  readonly heardMs?: number;
  readonly answeredMs?: number;
  /** Of the program. */
  readonly version?: string;
  /** Id of the gateway that answers. */
  readonly gateway?: string;
}

export interface EvictRequest {
  readonly cluster: string;
  readonly force: boolean;
}

export interface AdoptRequest {
  readonly protocolVersion: number;
  readonly federation: string;
  readonly cluster: string;
  /** Id of the gateway that asks. */
  readonly gateway: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
}

/** Secret: it makes whoever has it a gateway of the cluster. */
export interface AdoptReply {
  /** PEM. */
  readonly authorityKey: string;
  readonly authorityRoot: string;
  /** The membership file's text. */
  readonly membership: string;
  /** See `encodeState`; empty, or absent, where the root was never changed. */
  readonly authorityRoots?: string;
}

/** A gateway of the same cluster asks how their authority has changed. */
export interface FollowRequest {
  /** Id of the gateway that asks. */
  readonly gateway: string;
  /** Its wall clock in milliseconds. */
  readonly timeMs: number;
  /** Over `followBytes`, by a root of the authority. */
  readonly proof: Signature | null;
}

/** Secret: it makes whoever has it a gateway of the cluster. */
export interface FollowReply {
  /** See `encodeState`. */
  readonly roots: string;
}

export interface PingReply {
  readonly federation: string;
  readonly cluster: string;
  readonly id: string;
  readonly timeMs: number;
  readonly protocolVersion: number;
}

const proto = fileURLToPath(new URL('proto/federation.proto', import.meta.url));

export const federationService = serviceIn({
  path: proto,
  name: 'isthmus.federation.v1.Federation',
  keepCase: false,
});
