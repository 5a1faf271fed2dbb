/** Owns etcd's key-value requests: what is refused before anything happens, and what each does to the data. */
import { etcdTexts } from '../etcd-errors.ts';
import { maxTxnOps } from '../store.ts';
import { type Mvcc, rangeHas, type Writer } from './mvcc.ts';
import {
  type CompareRequest,
  type DeleteRangeRequest,
  invalidArgument,
  type KeyValue,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from './rpc.ts';

/** etcd's `--max-request-bytes`. */
const maxRequestBytes = 1.5 * 1024 * 1024;

/** Whether a lease exists and the caller may attach keys to it. */
export type LeaseCheck = (lease: string) => void;

export function range(mvcc: Mvcc, request: RangeRequest) {
  const limit = Number(request.limit);
  const bounds = {
    minMod: Number(request.min_mod_revision),
    maxMod: Number(request.max_mod_revision) || Number.POSITIVE_INFINITY,
    minCreate: Number(request.min_create_revision),
    maxCreate: Number(request.max_create_revision) || Number.POSITIVE_INFINITY,
  };
  const filtered =
    bounds.minMod > 0 ||
    bounds.minCreate > 0 ||
    Number.isFinite(bounds.maxMod) ||
    Number.isFinite(bounds.maxCreate);
  const sorted = request.sort_target !== 'KEY' || request.sort_order === 'DESCEND';
  const all = mvcc.range(request, {
    revision: Number(request.revision),
    // One more than asked for tells whether there are more.
    limit: filtered || sorted || limit === 0 ? 0 : limit + 1,
    countOnly: request.count_only,
  });
  let { kvs } = all;
  if (filtered) {
    kvs = kvs.filter(
      ({ mod_revision: mod, create_revision: create }) =>
        mod >= bounds.minMod &&
        mod <= bounds.maxMod &&
        create >= bounds.minCreate &&
        create <= bounds.maxCreate,
    );
  }
  if (sorted) kvs.sort(order(request));
  const more = limit > 0 && kvs.length > limit;
  if (more) kvs = kvs.slice(0, limit);
  if (request.keys_only) kvs = kvs.map((kv) => ({ ...kv, value: Buffer.alloc(0) }));
  return { kvs, more, count: all.count };
}

/** Applies one put. Returns its response body. */
export function put(mvcc: Mvcc, writer: Writer, request: PutRequest, leases: LeaseCheck) {
  const { key, ignore_value: keepValue, ignore_lease: keepLease } = request;
  const [before] =
    keepValue || keepLease ? mvcc.range({ key, range_end: Buffer.alloc(0) }).kvs : [];
  if ((keepValue || keepLease) && before === undefined) {
    throw invalidArgument(etcdTexts.keyNotFound);
  }
  const lease = keepLease ? (before?.lease ?? '0') : request.lease;
  if (lease !== '0') leases(lease);
  const value = keepValue ? (before?.value ?? request.value) : request.value;
  const replaced = writer.put(key, value, lease);
  return request.prev_kv && replaced !== undefined ? { prev_kv: replaced } : {};
}

/** Applies one delete. Returns its response body. */
export function deleteRange(writer: Writer, request: DeleteRangeRequest) {
  const deleted = writer.delete(request);
  return { deleted: deleted.length, ...(request.prev_kv ? { prev_kvs: deleted } : {}) };
}

/** Applies a transaction, nested ones too. Returns whether its comparisons held, and the operations' responses. */
export function txn(mvcc: Mvcc, writer: Writer, request: TxnRequest, leases: LeaseCheck): TxnBody {
  return apply(mvcc, writer, decide(mvcc, request), leases);
}

interface TxnBody {
  readonly succeeded: boolean;
  readonly responses: readonly object[];
}

/** A transaction whose branch is chosen. */
interface Decided {
  readonly succeeded: boolean;
  readonly ops: readonly (RequestOp | Decided)[];
}

/** Chooses every branch, of nested transactions too, before anything is written. */
function decide(mvcc: Mvcc, request: TxnRequest): Decided {
  const succeeded = request.compare.every((compare) => holds(mvcc, compare));
  const ops = (succeeded ? request.success : request.failure).map((op) =>
    op.request_txn ? decide(mvcc, op.request_txn) : op,
  );
  return { succeeded, ops };
}

function apply(
  mvcc: Mvcc,
  writer: Writer,
  { succeeded, ops }: Decided,
  leases: LeaseCheck,
): TxnBody {
  const responses = ops.map((op) => {
    if ('ops' in op) return { response_txn: apply(mvcc, writer, op, leases) };
    if (op.request_range) return { response_range: range(mvcc, op.request_range) };
    if (op.request_put) return { response_put: put(mvcc, writer, op.request_put, leases) };
    if (op.request_delete_range) {
      return { response_delete_range: deleteRange(writer, op.request_delete_range) };
    }
    throw invalidArgument(etcdTexts.emptyKey);
  });
  return { succeeded, responses };
}

function holds(mvcc: Mvcc, compare: CompareRequest): boolean {
  const { kvs } = mvcc.range(compare);
  // A key that does not exist compares as all zeros, but has no value to compare.
  if (kvs.length === 0) return compare.target !== 'VALUE' && holdsFor(absent, compare);
  return kvs.every((kv) => holdsFor(kv, compare));
}

const absent: Pick<KeyValue, 'version' | 'create_revision' | 'mod_revision' | 'lease' | 'value'> = {
  version: 0,
  create_revision: 0,
  mod_revision: 0,
  lease: '0',
  value: Buffer.alloc(0),
};

function holdsFor(kv: typeof absent, compare: CompareRequest): boolean {
  const sign = difference(kv, compare);
  switch (compare.result) {
    case 'EQUAL':
      return sign === 0;
    case 'NOT_EQUAL':
      return sign !== 0;
    case 'GREATER':
      return sign > 0;
    case 'LESS':
      return sign < 0;
  }
}

function difference(kv: typeof absent, compare: CompareRequest): number {
  switch (compare.target) {
    case 'VERSION':
      return kv.version - Number(compare.version ?? 0);
    case 'CREATE':
      return kv.create_revision - Number(compare.create_revision ?? 0);
    case 'MOD':
      return kv.mod_revision - Number(compare.mod_revision ?? 0);
    case 'VALUE':
      return kv.value.compare(compare.value ?? Buffer.alloc(0));
    case 'LEASE': {
      const [held, wanted] = [BigInt(kv.lease), BigInt(compare.lease ?? 0)];
      return held === wanted ? 0 : held > wanted ? 1 : -1;
    }
  }
}

function order({ sort_target: target, sort_order: direction }: RangeRequest) {
  const sign = direction === 'DESCEND' ? -1 : 1;
  return (a: KeyValue, b: KeyValue): number => {
    switch (target) {
      case 'KEY':
        return sign * a.key.compare(b.key);
      case 'VALUE':
        return sign * a.value.compare(b.value);
      case 'VERSION':
        return sign * (a.version - b.version);
      case 'CREATE':
        return sign * (a.create_revision - b.create_revision);
      case 'MOD':
        return sign * (a.mod_revision - b.mod_revision);
    }
  };
}

export function checkRange(request: Pick<RangeRequest, 'key'>): void {
  if (request.key.length === 0) throw invalidArgument(etcdTexts.emptyKey);
}

export function checkPut(request: PutRequest): void {
  checkRange(request);
  if (request.ignore_value && request.value.length > 0) {
    throw invalidArgument(etcdTexts.valueProvided);
  }
  if (request.ignore_lease && request.lease !== '0') throw invalidArgument(etcdTexts.leaseProvided);
  if (request.key.length + request.value.length > maxRequestBytes) {
    throw invalidArgument(etcdTexts.requestTooLarge);
  }
}

/** Refuses what etcd refuses: too many operations, empty keys, a key changed twice, too many bytes. */
export function checkTxn(request: TxnRequest): void {
  checkOps(request, maxTxnOps);
  checkChangedTwice(request.success);
  checkChangedTwice(request.failure);
  if (bytesOf(request) > maxRequestBytes) throw invalidArgument(etcdTexts.requestTooLarge);
}

function checkOps({ compare, success, failure }: TxnRequest, most: number): void {
  const ops = Math.max(compare.length, success.length, failure.length);
  if (ops > most) throw invalidArgument(etcdTexts.tooManyOps);
  for (const { key } of compare) checkRange({ key });
  for (const op of [...success, ...failure]) {
    if (op.request_range) checkRange(op.request_range);
    else if (op.request_put) checkPut(op.request_put);
    else if (op.request_delete_range) checkRange(op.request_delete_range);
    else if (op.request_txn) checkOps(op.request_txn, most - ops);
    else throw invalidArgument(etcdTexts.emptyKey);
  }
}

interface ChangedKeys {
  readonly puts: readonly Buffer[];
  readonly deletes: readonly DeleteRangeRequest[];
}

/** A key may be put once, and not where a delete of the same transaction reaches. Branches of a nested one exclude each other. */
function checkChangedTwice(ops: readonly RequestOp[]): ChangedKeys {
  const groups: ChangedKeys[] = ops.flatMap((op) => {
    if (op.request_put) return [{ puts: [op.request_put.key], deletes: [] }];
    if (op.request_delete_range) return [{ puts: [], deletes: [op.request_delete_range] }];
    if (!op.request_txn) return [];
    const then = checkChangedTwice(op.request_txn.success);
    const otherwise = checkChangedTwice(op.request_txn.failure);
    return [
      {
        puts: distinct([...then.puts, ...otherwise.puts]),
        deletes: [...then.deletes, ...otherwise.deletes],
      },
    ];
  });
  const puts = new Map<string, number>();
  groups.forEach((group, i) => {
    for (const key of group.puts) {
      const name = key.toString('latin1');
      if (puts.has(name)) throw invalidArgument(etcdTexts.duplicateKey);
      puts.set(name, i);
    }
  });
  groups.forEach(({ deletes }, i) => {
    for (const deleted of deletes) {
      for (const [name, by] of puts) {
        if (by !== i && rangeHas(deleted, Buffer.from(name, 'latin1'))) {
          throw invalidArgument(etcdTexts.duplicateKey);
        }
      }
    }
  });
  return {
    puts: groups.flatMap((group) => group.puts),
    deletes: groups.flatMap((group) => group.deletes),
  };
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  return [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
}

function bytesOf({ compare, success, failure }: TxnRequest): number {
  let bytes = 0;
  for (const { key, value } of compare) bytes += key.length + (value?.length ?? 0);
  for (const op of [...success, ...failure]) {
    if (op.request_put) bytes += op.request_put.key.length + op.request_put.value.length;
    else if (op.request_txn) bytes += bytesOf(op.request_txn);
    else bytes += (op.request_range ?? op.request_delete_range)?.key.length ?? 0;
  }
  return bytes;
}
