/**
 * Owns the chain of a trust domain's bundles, each signed by a root of the one before: who has missed some walks from the bundle it has
 * pinned to the newest, and needs nobody's word for it.
 */
import { IsthmusError } from '../core/errors.ts';
import { type Bundle, bundleFingerprint, parseBundle } from './bundle.ts';
import { type Signature, verifySignature } from './signature.ts';
import type { TrustDomain } from './spiffe-id.ts';

/** One bundle, and the word for it of a root of the bundle before. */
export interface BundleLink {
  /** The bundle's JSON, octet for octet as it was signed. */
  readonly bundle: string;
  /** Over `linkBytes`. */
  readonly signature: Signature;
}

/** Links that are kept, the newest: sixteen changes of the root, two links each. Who has missed more must join anew. */
export const maxLinks = 32;

/** The bytes that are signed: no record begins so, nor any other statement. */
export function linkBytes(trustDomain: TrustDomain, bundle: string): Uint8Array {
  return new TextEncoder().encode(`isthmus bundle v1\n${trustDomain}\n${bundle}`);
}

/**
 * The bundle that the chain leads to from `known`: each link signed by a root of the bundle reached so far, with a greater sequence.
 * `known` itself where the chain has nothing newer. Throws BUNDLE_INVALID for a chain that begins later than `known`, or is not signed so.
 */
export function followChain(known: Bundle, chain: readonly BundleLink[]): Bundle {
  const { trustDomain } = known;
  let reached = known;
  for (const { bundle: text, signature } of chain) {
    const next = parseBundle(jsonOf(text, trustDomain), trustDomain);
    if (next.sequence <= reached.sequence) continue;
    if (!verifySignature(reached.roots, linkBytes(trustDomain, text), signature)) {
      throw new IsthmusError('BUNDLE_INVALID', {
        what: `No chain leads from bundle ${reached.sequence}, which is believed, to bundle ${next.sequence}: no root of the one signed the other`,
        where: trustDomain,
        fix: 'Look who wrote it. If the cluster changed its roots more often than the chain remembers, leave the federation here, and join again.',
      });
    }
    reached = next;
  }
  return reached;
}

/** Whether the chain leads from `known` to exactly the roots of `claimed`. Throws as `followChain` does. */
export function leadsTo(known: Bundle, chain: readonly BundleLink[], claimed: Bundle): boolean {
  const reached = followChain(known, chain);
  return (
    reached.sequence === claimed.sequence &&
    bundleFingerprint(reached) === bundleFingerprint(claimed)
  );
}

/** The part of the chain that begins where `roots` were all there was: for who knows roots, and not of which bundle. */
export function chainFrom(
  roots: Bundle['roots'],
  trustDomain: TrustDomain,
  chain: readonly BundleLink[],
): readonly BundleLink[] {
  const first = chain.findIndex(({ bundle, signature }) =>
    verifySignature(roots, linkBytes(trustDomain, bundle), signature),
  );
  return first < 0 ? [] : chain.slice(first);
}

function jsonOf(text: string, where: TrustDomain): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IsthmusError('BUNDLE_INVALID', {
      what: 'A link of the chain of bundles is not JSON',
      where,
      cause,
    });
  }
}
