/** Owns the wire: etcd's services as loaded from `rpc.proto`, the shapes of their messages, and their errors. */
import { fileURLToPath } from 'node:url';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { servicesIn } from '../../core/grpc-service.ts';

export interface KeyRange {
  readonly key: Buffer;
  /** Empty: the one key. A single zero byte: everything from `key` on. Else the end, exclusive. */
  readonly range_end: Buffer;
}

/** `lease` is a decimal string: etcd's lease ids use all 63 bits. */
export interface KeyValue {
  readonly key: Buffer;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly value: Buffer;
  readonly lease: string;
}

export interface KvEvent {
  readonly type: 'PUT' | 'DELETE';
  readonly kv: KeyValue;
  readonly prev_kv?: KeyValue;
}

// Requests as they are decoded: 64-bit integers are decimal strings.
export interface RangeRequest extends KeyRange {
  readonly limit: string;
  readonly revision: string;
  readonly sort_order: 'NONE' | 'ASCEND' | 'DESCEND';
  readonly sort_target: 'KEY' | 'VERSION' | 'CREATE' | 'MOD' | 'VALUE';
  readonly keys_only: boolean;
  readonly count_only: boolean;
  readonly min_mod_revision: string;
  readonly max_mod_revision: string;
  readonly min_create_revision: string;
  readonly max_create_revision: string;
}

export interface PutRequest {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: string;
  readonly prev_kv: boolean;
  readonly ignore_value: boolean;
  readonly ignore_lease: boolean;
}

export interface DeleteRangeRequest extends KeyRange {
  readonly prev_kv: boolean;
}

export interface RequestOp {
  readonly request_range?: RangeRequest;
  readonly request_put?: PutRequest;
  readonly request_delete_range?: DeleteRangeRequest;
  readonly request_txn?: TxnRequest;
}

export interface CompareRequest extends KeyRange {
  readonly result: 'EQUAL' | 'GREATER' | 'LESS' | 'NOT_EQUAL';
  readonly target: 'VERSION' | 'CREATE' | 'MOD' | 'VALUE' | 'LEASE';
  readonly version?: string;
  readonly create_revision?: string;
  readonly mod_revision?: string;
  readonly value?: Buffer;
  readonly lease?: string;
}

export interface TxnRequest {
  readonly compare: readonly CompareRequest[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface WatchCreateRequest extends KeyRange {
  readonly start_revision: string;
  readonly progress_notify: boolean;
  readonly filters: readonly ('NOPUT' | 'NODELETE')[];
  readonly prev_kv: boolean;
  readonly watch_id: string;
}

export interface WatchRequest {
  readonly create_request?: WatchCreateRequest;
  readonly cancel_request?: { readonly watch_id: string };
  readonly progress_request?: object;
}

export interface Header {
  readonly cluster_id: string;
  readonly member_id: string;
  readonly revision: number;
  readonly raft_term: number;
}

export interface WatchResponse {
  readonly header: Header;
  readonly watch_id: number;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: number;
  readonly cancel_reason?: string;
  readonly events?: readonly KvEvent[];
}

type ServiceName = 'KV' | 'Watch' | 'Lease' | 'Cluster' | 'Maintenance';

const services = servicesIn(fileURLToPath(new URL('rpc.proto', import.meta.url)), {
  keepCase: true,
  longs: String,
  oneofs: true,
});

export function serviceDefinition(name: ServiceName): ServiceDefinition {
  return services[`etcdserverpb.${name}`] as ServiceDefinition;
}

/** A refusal as gRPC carries it, with etcd's own text so that etcd's clients recognise it. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

export function invalidArgument(details: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, details);
}
