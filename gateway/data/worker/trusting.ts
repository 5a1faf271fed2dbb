/** Owns how a worker takes up the trust bundles that it is told of. */
import { X509Certificate } from 'node:crypto';
import type { TrustStore } from '../../../certs/trust-store.ts';
import type { TrustedRoots } from './protocol.ts';

/** Goes by one trust domain's bundle as it is now. */
export function believe(
  trust: TrustStore,
  { trustDomain, sequence, refreshHintSeconds, roots }: TrustedRoots,
): void {
  if (roots === undefined) {
    trust.remove(trustDomain);
    return;
  }
  trust.set({
    trustDomain,
    sequence,
    refreshHintSeconds,
    roots: roots.map((der) => new X509Certificate(der)),
  });
}

/** Goes by these bundles and no others. One whose roots are the same stays: whoever it vouches for need not be verified anew. */
export function believeOnly(trust: TrustStore, bundles: readonly TrustedRoots[]): void {
  const named = new Set(bundles.map(({ trustDomain }) => trustDomain));
  for (const domain of trust.domains()) if (!named.has(domain)) trust.remove(domain);
  for (const bundle of bundles) {
    const known = trust.get(bundle.trustDomain)?.roots.map(({ raw }) => raw);
    if (known === undefined || !hasSameRoots(known, bundle.roots ?? [])) believe(trust, bundle);
  }
}

function hasSameRoots(known: readonly Uint8Array[], told: readonly Uint8Array[]): boolean {
  return (
    known.length === told.length &&
    known.every((root, i) => Buffer.compare(root, told[i] ?? Buffer.of()) === 0)
  );
}
