/** Owns who may do what in the embedded registry: pure rules over ranges of keys. */
import { ownerOf, registryRoot } from '../keys.ts';
import { prefixEnd } from '../range.ts';
import { isOpenEnd } from './mvcc.ts';
import type { CompareRequest, KeyRange, RequestOp, TxnRequest } from './rpc.ts';

/** The cluster that runs the registry may do anything; a member is known by its trust domain, `<cluster>.<federation>`. */
export type Peer =
  | { readonly kind: 'host' }
  | { readonly kind: 'member'; readonly trustDomain: string };

/** Folders of the federation that no single cluster owns, below its root; who may write there is told by `TrustedDomain.writes`. */
export type SharedFolder = 'policies/@/' | 'grants/';

export interface Access {
  readonly mode: 'read' | 'write';
  readonly range: KeyRange;
}

/**
 * A member writes only what is its own (`<kind>/<its cluster>`, or anything below) or in a folder that it `shares`, with a range that
 * leaves nothing of others inside. It reads everything of its federation but join tokens; a range that touches
 * those is refused whole.
 */
export function mayAccess(
  peer: Peer,
  { mode, range }: Access,
  shares: readonly SharedFolder[] = [],
): boolean {
  if (peer.kind === 'host') return true;
  const home = homeOf(peer.trustDomain);
  if (home === undefined) return false;
  if (mode === 'write') {
    return isOwn(home, range) || shares.some((folder) => within(range, `${home.root}${folder}`));
  }
  return within(range, home.root) && !overlaps(range, `${home.root}tokens/`);
}

/** Everything a transaction may touch, whichever branch it takes. */
export function accessesOf({ compare, success, failure }: TxnRequest): Access[] {
  return [
    ...compare.map((range: CompareRequest): Access => ({ mode: 'read', range })),
    ...[...success, ...failure].flatMap(accessesOfOp),
  ];
}

function accessesOfOp(op: RequestOp): Access[] {
  if (op.request_range) return [{ mode: 'read', range: op.request_range }];
  if (op.request_put) return [{ mode: 'write', range: oneKey(op.request_put.key) }];
  if (op.request_delete_range) return [{ mode: 'write', range: op.request_delete_range }];
  return op.request_txn ? accessesOf(op.request_txn) : [];
}

export function oneKey(key: Buffer): KeyRange {
  return { key, range_end: Buffer.alloc(0) };
}

interface Home {
  readonly cluster: string;
  /** `/isthmus/v1/<federation>/` */
  readonly root: string;
}

function homeOf(trustDomain: string): Home | undefined {
  const dot = trustDomain.indexOf('.');
  if (dot <= 0 || dot === trustDomain.length - 1) return undefined;
  return {
    cluster: trustDomain.slice(0, dot),
    root: `${registryRoot}${trustDomain.slice(dot + 1)}/`,
  };
}

function isOwn({ cluster, root }: Home, range: KeyRange): boolean {
  // Keys are bytes; latin1 keeps each as one character, so that no two keys look alike.
  const key = range.key.toString('latin1');
  if (!key.startsWith(root) || ownerOf(key) !== cluster) return false;
  if (range.range_end.length === 0) return true;
  const kind = key.slice(root.length).split('/', 1)[0];
  return within(range, `${root}${kind}/${cluster}/`);
}

/** True when every key the range can reach starts with `prefix`. */
function within({ key, range_end: end }: KeyRange, prefix: string): boolean {
  const start = Buffer.from(prefix);
  if (end.length === 0) return key.subarray(0, start.length).equals(start);
  return key.compare(start) >= 0 && !isOpenEnd(end) && end.compare(prefixEnd(start)) <= 0;
}

function overlaps({ key, range_end: end }: KeyRange, prefix: string): boolean {
  const start = Buffer.from(prefix);
  if (end.length === 0) return key.subarray(0, start.length).equals(start);
  return key.compare(prefixEnd(start)) < 0 && (isOpenEnd(end) || end.compare(start) > 0);
}
