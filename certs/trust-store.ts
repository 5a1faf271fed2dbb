/** Owns whom we trust: the bundles by trust domain, never concatenated, and verifying chains against the one that counts. */
import type { X509Certificate } from 'node:crypto';
import { IsthmusError } from '../core/errors.ts';
import type { Bundle } from './bundle.ts';
import { isValidAt, leafId, type VerifiedPath, verifyPath } from './chain.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import { fingerprintOf } from './x509.ts';

/** Leaves whose verdict is remembered: all gateways of a large federation, a megabyte at most. */
const maxVerdicts = 4096;

interface Verdict {
  readonly id: SpiffeId;
  readonly bundle: Bundle;
  readonly path: VerifiedPath;
}

/** Called after a trust domain's bundle was set, replaced or removed. */
type TrustSubscriber = (trustDomain: TrustDomain) => void;

export class TrustStore {
  readonly #bundles = new Map<TrustDomain, Bundle>();
  readonly #subscribers = new Set<TrustSubscriber>();
  readonly #resting = new Map<string, number>();
  /** Accepted leaves by fingerprint, the longest known first. Refusals are not remembered: they cost nobody we trust. */
  readonly #verdicts = new Map<string, Verdict>();

  /** Trusts a trust domain by this bundle, in place of any other it had. */
  set(bundle: Bundle): void {
    this.#bundles.set(bundle.trustDomain, bundle);
    this.#changed(bundle.trustDomain);
  }

  /** Trusts a trust domain no more. */
  remove(trustDomain: TrustDomain): void {
    if (this.#bundles.delete(trustDomain)) this.#changed(trustDomain);
  }

  get(trustDomain: TrustDomain): Bundle | undefined {
    return this.#bundles.get(trustDomain);
  }

  domains(): TrustDomain[] {
    return [...this.#bundles.keys()];
  }

  /** Calls `subscriber` after each change; returns a function that stops that. */
  onChange(subscriber: TrustSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  /**
   * Who the owner of `chain` is, leaf first, at wall time `now`: the leaf's SPIFFE ID, vouched for by a root of
   * the very trust domain it names. A verdict is remembered for as long as that bundle stands, so a storm of
   * reconnections costs a look-up each; validity is checked every time.
   * Throws CERT_INVALID for a chain that can't identify anyone, CERT_UNTRUSTED for one nobody we trust vouches for.
   */
  verifyChain(chain: readonly X509Certificate[], now: number): SpiffeId {
    const [leaf] = chain;
    if (leaf === undefined) {
      throw new IsthmusError('CERT_INVALID', { what: 'The chain has no certificate' });
    }
    const fingerprint = leaf.fingerprint256;
    const known = this.#verdicts.get(fingerprint);
    if (known && this.#bundles.get(known.id.trustDomain) === known.bundle) {
      if (isValidAt(known.path, now)) return known.id;
    }
    const id = leafId(leaf);
    const bundle = this.#bundles.get(id.trustDomain);
    if (bundle === undefined) {
      throw new IsthmusError('CERT_UNTRUSTED', {
        what: `There is no trust bundle for ${id.trustDomain}`,
        where: id.uri,
      });
    }
    const path = verifyPath(chain, id, bundle, now);
    this.#remember(fingerprint, { id, bundle, path });
    return id;
  }

  /**
   * Counts a connection whose peer was verified just now, by the root that vouched for it: who retires a root asks whether any rests on
   * it. Returns a function that ends that.
   */
  rests(leaf: X509Certificate): () => void {
    const root = this.#verdicts.get(leaf.fingerprint256)?.path.root;
    if (root === undefined) return () => undefined;
    const name = fingerprintOf(root.raw);
    this.#resting.set(name, (this.#resting.get(name) ?? 0) + 1);
    return () => {
      const left = (this.#resting.get(name) ?? 1) - 1;
      if (left === 0) this.#resting.delete(name);
      else this.#resting.set(name, left);
    };
  }

  /** Open connections by the fingerprint of the root that vouched for their peers. */
  get resting(): ReadonlyMap<string, number> {
    return this.#resting;
  }

  #remember(fingerprint: string, verdict: Verdict): void {
    this.#verdicts.delete(fingerprint);
    this.#verdicts.set(fingerprint, verdict);
    if (this.#verdicts.size <= maxVerdicts) return;
    const [oldest] = this.#verdicts.keys();
    if (oldest !== undefined) this.#verdicts.delete(oldest);
  }

  /** Tells every subscriber even when one throws: another may be the one that cuts a connection. */
  #changed(trustDomain: TrustDomain): void {
    const failures: unknown[] = [];
    for (const subscriber of [...this.#subscribers]) {
      try {
        subscriber(trustDomain);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  }
}
