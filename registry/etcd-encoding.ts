/** Owns how comparisons and writes are put into etcd's own messages. */
import type { ICompare, IRequestOp } from 'etcd3/lib/rpc.js';
import { prefixEnd } from './range.ts';
import type { Compare, WriteOp } from './store.ts';

export function encodeCompare(compare: Compare): ICompare {
  const key = Buffer.from(compare.key);
  if ('modRevision' in compare) {
    return { key, target: 'Mod', result: 'Equal', mod_revision: compare.modRevision };
  }
  // etcd's documented idiom: a key that does not exist has create revision 0.
  return {
    key,
    target: 'Create',
    result: compare.exists ? 'Greater' : 'Equal',
    create_revision: 0,
  };
}

export function encodeOp(op: WriteOp): IRequestOp {
  switch (op.op) {
    case 'put':
      return {
        request_put: {
          key: Buffer.from(op.key),
          value: Buffer.from(op.value as string),
          lease: op.lease ?? 0,
        },
      };
    case 'delete':
      return { request_delete_range: { key: Buffer.from(op.key) } };
    case 'delete-prefix':
      return {
        request_delete_range: { key: Buffer.from(op.prefix), range_end: prefixEnd(op.prefix) },
      };
  }
}
