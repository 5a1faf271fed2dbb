/** Owns the embedded registry's answers: etcd's RPCs over the data, each as one peer is allowed them. */
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { etcdTexts } from '../etcd-errors.ts';
import {
  type Access,
  accessesOf,
  mayAccess,
  oneKey,
  type Peer,
  type SharedFolder,
} from './auth.ts';
import { type Database, isDiskFull } from './database.ts';
import type { Leases } from './leases.ts';
import type { Mvcc } from './mvcc.ts';
import {
  type DeleteRangeRequest,
  type Header,
  type PutRequest,
  type RangeRequest,
  RpcError,
  serviceDefinition,
  type TxnRequest,
  type WatchRequest,
  type WatchResponse,
} from './rpc.ts';
import * as kv from './txn.ts';
import type { WatchHub } from './watch-hub.ts';

/** The version of etcd whose behaviour this is. */
const etcdVersion = '3.4.23';

export interface Core {
  readonly database: Database;
  readonly mvcc: Mvcc;
  readonly leases: Leases;
  readonly hub: WatchHub;
  readonly header: () => Header;
  readonly address: () => string;
  /** Folders where the gateways of a member may write, as of now. */
  readonly sharesOf: (trustDomain: string) => readonly SharedFolder[];
  readonly log: Log;
}

/** The services as `peer` sees them. */
export function servicesFor(
  core: Core,
  peer: Peer,
): (readonly [ServiceDefinition, UntypedServiceImplementation])[] {
  const { mvcc, leases, database } = core;
  const owner = peer.kind === 'host' ? 'host' : peer.trustDomain;

  /** Wraps an answer: adds the header as of after it, and turns what is thrown into a gRPC status. */
  function unary<Request>(run: (request: Request) => object): handleUnaryCall<Request, object> {
    return (call, respond) => {
      try {
        const body = run(call.request);
        respond(null, { header: core.header(), ...body });
      } catch (thrown) {
        respond(toStatus(thrown, core.log));
      }
    };
  }

  function need(...accesses: readonly Access[]): void {
    const shares = peer.kind === 'host' ? [] : core.sharesOf(peer.trustDomain);
    if (!accesses.every((access) => mayAccess(peer, access, shares))) throw denied();
  }

  /** A lease is used by the peer that it was granted to and by the host, for to end one deletes its keys. */
  function ownLease(id: string): void {
    const lease = leases.require(id);
    if (peer.kind === 'member' && lease.owner !== owner) throw denied();
  }

  const kvService = {
    Range: unary<RangeRequest>((request) => {
      kv.checkRange(request);
      need({ mode: 'read', range: request });
      return kv.range(mvcc, request);
    }),
    Put: unary<PutRequest>((request) => {
      kv.checkPut(request);
      need({ mode: 'write', range: oneKey(request.key) });
      return mvcc.write((writer) => kv.put(mvcc, writer, request, ownLease));
    }),
    DeleteRange: unary<DeleteRangeRequest>((request) => {
      kv.checkRange(request);
      need({ mode: 'write', range: request });
      return mvcc.write((writer) => kv.deleteRange(writer, request));
    }),
    Txn: unary<TxnRequest>((request) => {
      kv.checkTxn(request);
      const accesses = accessesOf(request);
      need(...accesses);
      // A transaction that can only read takes no write lock and no sync to disk.
      if (accesses.every(({ mode }) => mode === 'read'))
        return kv.txn(mvcc, readOnly, request, ownLease);
      return mvcc.write((writer) => kv.txn(mvcc, writer, request, ownLease));
    }),
    Compact: unary<{ readonly revision: string }>(({ revision }) => {
      if (peer.kind !== 'host') throw denied();
      mvcc.compact(Number(revision));
      return {};
    }),
  };

  const leaseService = {
    LeaseGrant: unary<{ readonly TTL: string; readonly ID: string }>((request) => {
      const { id, ttl } = leases.grant(Number(request.TTL), request.ID, owner);
      return { ID: id, TTL: ttl };
    }),
    LeaseRevoke: unary<{ readonly ID: string }>(({ ID }) => {
      ownLease(ID);
      leases.revoke(ID);
      return {};
    }),
    LeaseKeepAlive: ((call: ServerDuplexStream<{ readonly ID: string }, object>) => {
      serve(call, core.log, ({ ID }) => {
        if (leases.get(ID) !== undefined) ownLease(ID);
        const TTL = leases.keepAlive(ID);
        call.write({ header: core.header(), ID, TTL });
      });
    }) satisfies handleBidiStreamingCall<{ readonly ID: string }, object>,
    LeaseTimeToLive: unary<{ readonly ID: string; readonly keys: boolean }>(({ ID, keys }) => {
      const lease = leases.get(ID);
      if (lease === undefined) return { ID, TTL: -1 };
      if (keys) ownLease(ID);
      return {
        ID,
        TTL: leases.remaining(lease),
        grantedTTL: lease.ttl,
        keys: keys ? mvcc.keysOf(ID) : [],
      };
    }),
    LeaseLeases: unary(() => ({ leases: leases.ids().map((ID) => ({ ID })) })),
  };

  const watchService = {
    Watch: (call: ServerDuplexStream<WatchRequest, WatchResponse>) => {
      const stream = core.hub.open({ send: (response) => call.write(response) });
      call.on('drain', () => stream.drained());
      call.on('close', () => stream.close());
      call.on('cancelled', () => stream.close());
      serve(call, core.log, (request) => {
        if (request.create_request) {
          const range = request.create_request;
          if (mayAccess(peer, { mode: 'read', range })) stream.create(range);
          else stream.refuse(etcdTexts.permissionDenied);
        } else if (request.cancel_request) {
          stream.cancel(Number(request.cancel_request.watch_id));
        } else if (request.progress_request) {
          stream.requestProgress();
        }
      });
    },
  };

  const { member_id: ID } = core.header();
  const clusterService = {
    MemberList: unary(() => {
      const urls = [core.address()];
      return { members: [{ ID, name: 'embedded', peerURLs: urls, clientURLs: urls }] };
    }),
  };

  const maintenanceService = {
    Status: unary(() => {
      const { allocated, used } = database.size();
      const { revision, raft_term: raftTerm } = core.header();
      return {
        version: etcdVersion,
        dbSize: allocated,
        dbSizeInUse: used,
        leader: ID,
        raftIndex: revision,
        raftAppliedIndex: revision,
        raftTerm,
      };
    }),
  };

  return [
    [serviceDefinition('KV'), kvService],
    [serviceDefinition('Watch'), watchService],
    [serviceDefinition('Lease'), leaseService],
    [serviceDefinition('Cluster'), clusterService],
    [serviceDefinition('Maintenance'), maintenanceService],
  ];
}

/** For transactions that were found to write nothing. */
const readOnly = {
  put: (): never => {
    throw new RpcError(status.INTERNAL, 'a transaction without writes wrote');
  },
  delete: (): never => {
    throw new RpcError(status.INTERNAL, 'a transaction without writes deleted');
  },
};

/** Answers each request of a stream until the client ends it; the first error ends it with that status. */
function serve<Request>(
  call: ServerDuplexStream<Request, never> | ServerDuplexStream<Request, object>,
  log: Log,
  answer: (request: Request) => void,
): void {
  call.on('data', (request: Request) => {
    try {
      answer(request);
    } catch (thrown) {
      call.emit('error', toStatus(thrown, log));
    }
  });
  call.on('end', () => call.end());
}

function denied(): RpcError {
  return new RpcError(status.PERMISSION_DENIED, etcdTexts.permissionDenied);
}

function toStatus(thrown: unknown, log: Log): RpcError {
  if (thrown instanceof RpcError) return thrown;
  if (isDiskFull(thrown)) {
    return new RpcError(status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded');
  }
  log.error({ err: thrown }, 'the embedded registry failed');
  return new RpcError(status.INTERNAL, messageOf(thrown));
}
