/** Owns a cluster's certificate authority: who it is, all that its key signs, and the steps by which another key takes over. */
import { generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import { Subscribers } from '../core/subscribers.ts';
import { type FindParent, keepState, newRoot, openState } from './authority-files.ts';
import {
  type AuthorityState,
  bundleOf,
  decodeState,
  encodeState,
  keyedRoots,
  published,
  retired,
  rootChainPem,
  signingNext,
} from './authority-state.ts';
import { type Bundle, bundleFingerprint } from './bundle.ts';
import { leadsTo } from './bundle-chain.ts';
import { SealKeys } from './seal.ts';
import { type Signature, signBytes } from './signature.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import { fingerprintOf, keyPemOf, type LeafCertificateRequest, makeLeaf, pemOf } from './x509.ts';

const generateKeys = promisify(generateKeyPair);
const defaultLeafLifetimeMs = 24 * 3600_000;

export interface LeafRequest {
  /** In the authority's own trust domain. */
  readonly id: SpiffeId;
  readonly dnsNames: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Default 24 hours. */
  readonly lifetimeMs?: number;
  /** Wall milliseconds from which it lives; default now. In the past, to rehearse what becomes of one that has expired. */
  readonly from?: number;
}

interface ClientRequest {
  readonly id: SpiffeId;
  readonly publicKey: KeyObject;
  readonly lifetimeMs: number;
}

/** A certificate and its private key: what one end of a connection proves itself with. */
export interface LeafIdentity {
  readonly id: SpiffeId;
  /** The leaf alone. */
  readonly certPem: string;
  /**
   * The leaf and its root: a joiner finds the root that its token pins in the handshake. Then what is above that, for those who know the
   * enterprise's root alone.
   */
  readonly chainPem: string;
  readonly keyPem: string;
  /** Fingerprint of the root that signed it. */
  readonly root: string;
  /** Wall milliseconds. */
  readonly notBefore: number;
  /** Wall milliseconds. */
  readonly notAfter: number;
}

/** What an end of a connection needs of it to prove itself. */
export type Credentials = Pick<LeafIdentity, 'chainPem' | 'keyPem'>;

export interface Authority {
  readonly trustDomain: TrustDomain;
  /** The root that signs. */
  readonly rootPem: string;
  readonly root: X509Certificate;
  /** The fingerprint of the root that signs. */
  readonly keyId: string;
  /** How far a change of the root has come. */
  readonly state: AuthorityState;
  /** The trust bundle that makes others trust this authority. */
  bundle(): Bundle;
  /** Makes a key and a certificate for it. Throws CERT_INVALID for an ID of another trust domain, or once the root has expired. */
  issueLeaf(request: LeafRequest): Promise<LeafIdentity>;
  /**
   * Makes a certificate that is for clients only, so that no gateway takes its owner for another gateway, for a key that is another's:
   * PEM, its root after it. Throws as `issueLeaf` does.
   */
  certifyClient(request: ClientRequest): string;
  /** Signs as this cluster; see `verifySignature`. */
  sign(bytes: Uint8Array): Signature;
  /**
   * Proves to those who have this authority's key, and to nobody else: an HMAC, base64url. The same bytes have the same
   * seal while the same root signs, and it costs a tenth of a signature.
   */
  seal(bytes: Uint8Array): string;
  /** Whether a seal is by this authority, with the key of any root in its bundle. */
  isSeal(bytes: Uint8Array, seal: string): boolean;
}

interface AuthorityOptions {
  /** Folder of `ca.key` and `ca.crt`; made when missing, for its owner alone. */
  readonly dir: string;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
  /** Asked where one is founded. */
  readonly findParent?: FindParent;
}

/**
 * Opens the authority kept in `dir`, or founds one there, as `findParent` says. Throws KEY_UNREADABLE for a key that can't be read,
 * that others can read or that has gone; CERT_INVALID for a certificate that is not its root for this trust
 * domain; FILE_UNWRITABLE; what `findParent` throws.
 */
export async function openAuthority(options: AuthorityOptions): Promise<ChangingAuthority> {
  const { dir, trustDomain, clock, findParent } = options;
  return new ChangingAuthority(options, await openState(dir, trustDomain, clock.now(), findParent));
}

type Certified = Omit<LeafCertificateRequest, 'root' | 'rootKey' | 'now' | 'notAfter'> & {
  readonly lifetimeMs: number;
  readonly from?: number | undefined;
};

const noNames = { dnsNames: [], ipAddresses: [] } as const;

/** An authority whose root can be changed. Each step is on disk before it counts. */
export class ChangingAuthority implements Authority {
  readonly #options: AuthorityOptions;
  #state: AuthorityState;
  #seals: SealKeys;
  #bundle: Bundle;
  readonly #subscribers = new Subscribers();
  #changing: Promise<void> = Promise.resolve();

  constructor(options: AuthorityOptions, state: AuthorityState) {
    this.#options = options;
    this.#state = state;
    this.#seals = new SealKeys(keyedRoots(state));
    this.#bundle = bundleOf(state, options.trustDomain);
  }

  get trustDomain(): TrustDomain {
    return this.#options.trustDomain;
  }

  get state(): AuthorityState {
    return this.#state;
  }

  get root(): X509Certificate {
    return this.#state.signing.root;
  }

  get rootPem(): string {
    return pemOf(this.root.raw);
  }

  get keyId(): string {
    return fingerprintOf(this.root.raw);
  }

  bundle(): Bundle {
    return this.#bundle;
  }

  sign(bytes: Uint8Array): Signature {
    return signBytes(this.#state.signing.key, this.keyId, bytes);
  }

  seal(bytes: Uint8Array): string {
    return this.#seals.seal(bytes);
  }

  isSeal(bytes: Uint8Array, seal: string): boolean {
    return this.#seals.isSeal(bytes, seal);
  }

  async issueLeaf(request: LeafRequest): Promise<LeafIdentity> {
    const { id, dnsNames, ipAddresses = [], lifetimeMs = defaultLeafLifetimeMs, from } = request;
    const { publicKey, privateKey } = await generateKeys('ec', { namedCurve: 'P-256' });
    const leaf = this.#certified({ id, dnsNames, ipAddresses, publicKey, lifetimeMs, from });
    const certPem = pemOf(leaf.raw);
    return {
      id,
      certPem,
      chainPem: certPem + rootChainPem(this.#state.signing),
      keyPem: keyPemOf(privateKey),
      root: this.keyId,
      notBefore: leaf.validFromDate.getTime(),
      notAfter: leaf.validToDate.getTime(),
    };
  }

  certifyClient(request: ClientRequest): string {
    const leaf = this.#certified({ ...request, ...noNames, purpose: 'client' });
    return pemOf(leaf.raw) + rootChainPem(this.#state.signing);
  }

  #certified({ from, lifetimeMs, ...leaf }: Certified): X509Certificate {
    const { trustDomain, clock } = this.#options;
    if (leaf.id.trustDomain !== trustDomain) {
      throw new IsthmusError('CERT_INVALID', {
        what: `The authority of ${trustDomain} can't vouch for another trust domain`,
        where: leaf.id.uri,
      });
    }
    const { root, key: rootKey } = this.#state.signing;
    if (clock.now() > root.validToDate.getTime()) {
      throw new IsthmusError('CERT_INVALID', {
        what: `The root of ${trustDomain} expired at ${root.validToDate.toISOString()}`,
      });
    }
    const now = from ?? clock.now();
    const made = makeLeaf({ ...leaf, root, rootKey, now, notAfter: now + lifetimeMs });
    return new X509Certificate(made);
  }

  /** Calls `subscriber` after each step; returns a function that stops that. */
  onChange(subscriber: () => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /**
   * Makes the next root, under the parent that `findParent` finds, and puts it into the bundle; it signs nothing yet. Throws ROOT_CHANGING,
   * FILE_UNWRITABLE, or what `findParent` throws, and then nothing has changed.
   */
  publish(findParent?: FindParent): Promise<void> {
    return this.#change(async (state) => {
      if (state.kind !== 'stable') throw changing(state);
      const { trustDomain, clock } = this.#options;
      const { root: before } = state.signing;
      const parent = await findParent?.();
      const now = clock.now();
      return published(
        state,
        await newRoot({ trustDomain, now, parent, before }),
        trustDomain,
        now,
      );
    });
  }

  /** The next root signs from now on; nothing happens where none is published. Throws FILE_UNWRITABLE. */
  signNext(): Promise<void> {
    return this.#change((state) =>
      state.kind === 'published' ? signingNext(state, this.#options.clock.now()) : state,
    );
  }

  /** Takes the root that does not sign out of the bundle, for good: its key is gone. Nothing happens where there is none. Throws FILE_UNWRITABLE. */
  retire(): Promise<void> {
    return this.#change((state) =>
      state.kind === 'stable' ? state : retired(state, this.#options.trustDomain),
    );
  }

  /** The whole authority as text, for another gateway of the same cluster. */
  export(): string {
    return encodeState(this.#state);
  }

  /**
   * Takes up what another gateway of the cluster has made of this authority; nothing happens where it is no newer. Throws BUNDLE_INVALID or CERT_INVALID
   * unless a chain leads there from this one's own bundle, or FILE_UNWRITABLE.
   */
  follow(text: string): Promise<void> {
    return this.#change((state) => {
      const { trustDomain } = this.#options;
      const next = decodedBy(text, trustDomain);
      const isNewer =
        next.sequence > state.sequence ||
        (next.sequence === state.sequence && state.kind === 'published' && next.kind === 'signing');
      if (!isNewer) return state;
      const bundle = bundleOf(next, trustDomain);
      const isSame = bundleFingerprint(bundle) === bundleFingerprint(this.#bundle);
      if (isSame || leadsTo(this.#bundle, next.chain, bundle)) return next;
      throw new IsthmusError('CERT_INVALID', {
        what: `What another gateway has of the authority of ${trustDomain} does not follow from what is here`,
      });
    });
  }

  /** One step after the other; each is on disk before it counts. */
  #change(
    step: (state: AuthorityState) => AuthorityState | Promise<AuthorityState>,
  ): Promise<void> {
    const done = this.#changing.then(async () => {
      const next = await step(this.#state);
      if (next === this.#state) return;
      await keepState(this.#options.dir, next);
      this.#state = next;
      this.#seals = new SealKeys(keyedRoots(next));
      this.#bundle = bundleOf(next, this.#options.trustDomain);
      this.#subscribers.tell();
    });
    this.#changing = done.catch(() => undefined); // Who asked has the failure.
    return done;
  }
}

function decodedBy(text: string, where: TrustDomain): AuthorityState {
  try {
    return decodeState(text);
  } catch (cause) {
    throw new IsthmusError('CERT_INVALID', {
      what: 'What another gateway has of the authority can not be read',
      where,
      cause,
    });
  }
}

function changing({ kind }: AuthorityState): IsthmusError {
  const what =
    kind === 'published'
      ? 'The next root is published already, and waits for all to believe it'
      : 'The root from before is still in the bundle';
  return new IsthmusError('ROOT_CHANGING', { what });
}
