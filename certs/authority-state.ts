/**
 * Owns how far a cluster's change of its root has come, pure:
 *
 *   stable      one root, which signs
 *   published   the next root is in the bundle, so that others come to believe it; the one from before still signs
 *   signing     the next root signs; the one from before is in the bundle still, for what it signed
 *
 * Each step is one state, written at once: a gateway that is killed at any moment goes on from the one before or the one after.
 */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { IsthmusError } from '../core/errors.ts';
import { type Bundle, encodeBundle } from './bundle.ts';
import { type BundleLink, linkBytes, maxLinks } from './bundle-chain.ts';
import { defaultRefreshHintSeconds } from './refresh-hint.ts';
import { parseCertificates } from './server-certificate.ts';
import { signBytes } from './signature.ts';
import type { TrustDomain } from './spiffe-id.ts';
import { fingerprintOf, keyPemOf, pemOf } from './x509.ts';

/** A root and its key. */
export interface KeyedRoot {
  readonly root: X509Certificate;
  readonly key: KeyObject;
  /** The enterprise's authorities above it, the nearest first; see `ParentAuthority`. */
  readonly above: readonly X509Certificate[];
}

/** The root as PEM, followed by what is above it: as it is kept, and shown after a leaf. */
export function rootChainPem({ root, above }: Omit<KeyedRoot, 'key'>): string {
  return [root, ...above].map(({ raw }) => pemOf(raw)).join('');
}

/** Reads it back. Throws CERT_INVALID. */
function parseRootChain(pem: string): Omit<KeyedRoot, 'key'> {
  const [root, ...above] = parseCertificates(pem);
  if (root === undefined)
    throw new IsthmusError('CERT_INVALID', { what: 'There is no certificate' });
  return { root, above };
}

interface Fields {
  /** Of the bundle. */
  readonly sequence: number;
  /** The root that signs. */
  readonly signing: KeyedRoot;
  /** How the bundle came to be what it is; empty before the first change. */
  readonly chain: readonly BundleLink[];
}

export type AuthorityState =
  | (Fields & { readonly kind: 'stable' })
  | (Fields & {
      readonly kind: 'published';
      readonly next: KeyedRoot;
      /** Since when, wall milliseconds. */
      readonly since: number;
    })
  | (Fields & {
      readonly kind: 'signing';
      readonly before: KeyedRoot;
      /** Since when, wall milliseconds. */
      readonly since: number;
    });

/** An authority that has never changed its root. */
export function stableState(signing: KeyedRoot): AuthorityState {
  // Founded anew, it is greater than that of an authority that was lost.
  const sequence = Math.floor(signing.root.validFromDate.getTime() / 1000);
  return { kind: 'stable', sequence, signing, chain: [] };
}

/** Every root there is, the one that signs first. */
export function keyedRoots(state: AuthorityState): readonly KeyedRoot[] {
  const other = otherRoot(state);
  return other === undefined ? [state.signing] : [state.signing, other];
}

/** The root that does not sign yet, or no more. */
export function otherRoot(state: AuthorityState): KeyedRoot | undefined {
  if (state.kind === 'stable') return undefined;
  return state.kind === 'published' ? state.next : state.before;
}

export function bundleOf(state: AuthorityState, trustDomain: TrustDomain): Bundle {
  return {
    trustDomain,
    sequence: state.sequence,
    refreshHintSeconds: defaultRefreshHintSeconds,
    roots: keyedRoots(state).map(({ root }) => root),
  };
}

type In<Kind extends AuthorityState['kind']> = Extract<AuthorityState, { kind: Kind }>;

/** The next root is in the bundle from `now` on. */
export function published(
  { sequence, signing, chain }: In<'stable'>,
  next: KeyedRoot,
  trustDomain: TrustDomain,
  now: number,
): In<'published'> {
  const state = { kind: 'published', sequence: sequence + 1, signing, next, since: now } as const;
  return { ...state, chain: lengthened(chain, { ...state, chain }, trustDomain) };
}

/** The next root signs from `now` on. The bundle is as it was. */
export function signingNext(
  { sequence, signing: before, next: signing, chain }: In<'published'>,
  now: number,
): In<'signing'> {
  return { kind: 'signing', sequence, signing, before, since: now, chain };
}

/** The root that does not sign is in the bundle no more: the one from before, or one that was published and never signed. */
export function retired(
  { sequence, signing, chain }: In<'published'> | In<'signing'>,
  trustDomain: TrustDomain,
): In<'stable'> {
  const state = { kind: 'stable', sequence: sequence + 1, signing } as const;
  return { ...state, chain: lengthened(chain, { ...state, chain }, trustDomain) };
}

/** With a link to what `state` has in its bundle, by the root that signs, which is in the bundle before as well. */
function lengthened(
  chain: readonly BundleLink[],
  state: AuthorityState,
  trustDomain: TrustDomain,
): readonly BundleLink[] {
  const bundle = JSON.stringify(encodeBundle(bundleOf(state, trustDomain)));
  const { root, key } = state.signing;
  const signature = signBytes(key, fingerprintOf(root.raw), linkBytes(trustDomain, bundle));
  return [...chain, { bundle, signature }].slice(-maxLinks);
}

const keyedRootSchema = z
  .object({ root: z.string(), key: z.string() })
  .transform(({ root, key }) => ({ ...parseRootChain(root), key: createPrivateKey(key) }));

const bundleLinkSchema = z.object({
  bundle: z.string().max(256 * 1024),
  signature: z.object({ keyId: z.string().max(64), value: z.string().max(128) }),
});

const fields = {
  version: z.literal(1),
  sequence: z.int().min(0),
  signing: keyedRootSchema,
  chain: z.array(bundleLinkSchema).max(maxLinks),
};

const stateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stable'), ...fields }),
  z.object({ kind: z.literal('published'), ...fields, next: keyedRootSchema, since: z.int() }),
  z.object({ kind: z.literal('signing'), ...fields, before: keyedRootSchema, since: z.int() }),
]);

/** The state as text, keys included: it makes whoever has it the cluster. */
export function encodeState(state: AuthorityState): string {
  const pem = (one: KeyedRoot) => ({ root: rootChainPem(one), key: keyPemOf(one.key) });
  const other =
    state.kind === 'published'
      ? { next: pem(state.next) }
      : state.kind === 'signing'
        ? { before: pem(state.before) }
        : {};
  const json = { version: 1, ...state, signing: pem(state.signing), ...other };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Reads it back. Throws for what is not one; the error quotes nothing of it. */
export function decodeState(text: string): AuthorityState {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  try {
    const { version: _version, ...state } = stateSchema.parse(json);
    return state;
  } catch (thrown) {
    const issue = thrown instanceof z.ZodError ? thrown.issues[0] : undefined;
    throw new Error(`${issue?.path.join('.') || 'its roots'}: not as it should be`);
  }
}
