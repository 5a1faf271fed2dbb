/** Owns which clusters' bundles are believed, and who is the founder: from the membership file at start, from the registry's records since. */
import { bundleFingerprint, encodeBundle, parseBundle } from '../certs/bundle.ts';
import { parseTrustDomain, type TrustDomain } from '../certs/spiffe-id.ts';
import type { TrustStore } from '../certs/trust-store.ts';
import { fingerprintOf } from '../certs/x509.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { KeptFile } from '../core/kept-file.ts';
import type { Log } from '../core/log.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import { Subscribers } from '../core/subscribers.ts';
import type { RegistryKey } from '../registry/keys.ts';
import type { BundleRecord, DepartureRecord } from '../registry/model.ts';
import { type Sealer, verifyRecord, verifySeal } from '../registry/signing.ts';
import type { ClusterView, Snapshot } from '../registry/snapshot.ts';
import type { Beliefs, BelievedBundle, Vouched } from './beliefs.ts';
import {
  type Charter,
  considerCharter,
  founded,
  founderUnknown,
  keptCharter,
  readCharter,
} from './charter.ts';
import { considerBundle, readBundle, verifyBundle } from './consider.ts';
import { isJoined, type MembershipFile, type MembershipState, type Pin } from './member.ts';
import { OwnAdmission } from './own-admission.ts';

interface FederationTrustOptions {
  readonly federation: FederationName;
  /** The own cluster, which vouches for itself. */
  readonly cluster: ClusterName;
  /** The own bundle as it is now. */
  readonly ownBundle: () => BelievedBundle['bundle'];
  /** The own authority, which seals what only the own gateways read. */
  readonly sealer: Sealer;
  /** Pins are read from here and kept here. */
  readonly file: MembershipFile;
  /** The bundles that TLS verifies peers against. */
  readonly trustStore: TrustStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class FederationTrust {
  readonly #options: FederationTrustOptions;
  readonly #bundles = new Map<ClusterName, BelievedBundle>();
  readonly #departed = new Map<ClusterName, number>();
  /** Those of them that a registry has again, by the admission they had: it was restored from a backup. */
  readonly #returned = new Set<ClusterName>();
  readonly #ownAdmission = new OwnAdmission();
  #charter: Charter | undefined;
  readonly #subscribers = new Subscribers();
  readonly #pins: KeptFile;

  /** Believes the membership file's pins. Throws BUNDLE_INVALID. */
  constructor(options: FederationTrustOptions) {
    this.#options = options;
    const { file, clock, log } = options;
    const write = () => file.update((state) => this.#withPins(state));
    this.#pins = new KeptFile({ path: file.path, what: 'pins of clusters', write, clock, log });
    const { state } = file;
    if (!isJoined(state)) return;
    for (const [cluster, pin] of Object.entries(state.pins) as [ClusterName, Pin][]) {
      const bundle = parseBundle(pin.bundle, this.#trustDomain(cluster));
      this.#believe(cluster, { bundle, admittedAt: pin.admittedAt });
    }
    for (const [cluster, at] of Object.entries(state.departed) as [ClusterName, number][]) {
      this.#departed.set(cluster, at);
    }
    const { federation, cluster, ownBundle } = options;
    this.#charter = state.charter
      ? readCharter(federation, state.charter)
      : founded(state.kind === 'founder' ? cluster : undefined, this.#bundles, ownBundle);
  }

  /** Called, after the turn in which it happened, when something more, or less, is believed: look again at what was refused. */
  onChange(subscriber: () => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Clusters whose bundle is believed, the own one not among them. */
  get clusters(): ReadonlySet<ClusterName> {
    return new Set(this.#bundles.keys());
  }

  /** The bundles believed now, the own cluster's included. */
  get beliefs(): Beliefs {
    const { federation, cluster, ownBundle } = this.#options;
    const own: BelievedBundle = { bundle: ownBundle(), admittedAt: this.#ownAdmission.at };
    const bundles = new Map([...this.#bundles, [cluster, own] as const]);
    return { federation, bundles, departed: this.#departed };
  }

  /** Clusters that left, and that the registry was seen to have again by the admission of then. */
  get returned(): ReadonlySet<ClusterName> {
    return this.#returned;
  }

  /** Who the founder is, and what it granted; undefined where that is not known here, as in files from before there were grants. */
  get charter(): Charter | undefined {
    const charter = this.#charter;
    return charter && this.#isOwn(charter)
      ? { ...charter, bundle: this.#options.ownBundle() }
      : charter;
  }

  /** Whether this cluster is the founder, by its own authority and not by its name alone. */
  get isFounder(): boolean {
    return this.#charter !== undefined && this.#isOwn(this.#charter);
  }

  /**
   * Believes or refuses what a record says of the founder and its grants, as it was stored. Throws FOUNDER_UNKNOWN, and as
   * `considerCharter` does.
   */
  considerCharter(key: string, raw: object): void {
    const { charter } = this;
    if (charter === undefined) throw founderUnknown(this.#options.federation, key);
    const next = considerCharter(this.#options.federation, charter, key, raw);
    if (next === charter) return;
    this.#charter = next;
    const { founder, said } = next;
    this.#options.log.info({ founder, sequence: said?.record.sequence }, 'the charter is believed');
    this.#changed();
  }

  /**
   * Believes or refuses a record, as it was stored; a believed bundle counts from here on.
   * `isProven`: that the root which its signature names made it is known; whether that root counts is not.
   * Throws RECORD_UNSIGNED, CERT_UNTRUSTED, BUNDLE_INVALID, RECORD_FOREIGN or RECORD_INVALID. Tokens pass: who honours them verifies them.
   */
  verify(key: RegistryKey, text: string, raw: unknown, isProven = false): void {
    if (key.kind === 'tokens') return;
    if (key.kind === 'departures') this.verifyDeparture(key.cluster, text, raw);
    else if (key.kind === 'endpoints') verifySeal(text, raw, this.#options.sealer);
    else if (key.kind === 'bundles' && key.cluster !== this.#options.cluster) {
      this.#consider(key.cluster, text, raw);
    } else {
      verifyRecord(text, raw, this.#rootsOf(key.cluster, text), isProven);
      if (key.kind === 'bundles') {
        const { federation, cluster } = this.#options;
        this.#ownAdmission.note(raw as BundleRecord, federation, cluster, this.beliefs);
      }
    }
  }

  /**
   * Throws RECORD_UNSIGNED unless a member signed that `cluster` is none any more: whoever may evict; and RECORD_STALE where it was admitted
   * since. Of a cluster that nobody here believes it takes nothing away, and who had it leave may have left since: that passes.
   */
  verifyDeparture(cluster: ClusterName, text: string, raw: unknown): void {
    const { bundles } = this.beliefs;
    const believed = bundles.get(cluster);
    if (!believed) return;
    const roots = [...bundles.values()].flatMap(({ bundle }) => bundle.roots);
    verifyRecord(text, raw, roots);
    const { at } = raw as DepartureRecord;
    if (at > believed.admittedAt) return;
    throw new IsthmusError('RECORD_STALE', {
      what: `${cluster} was admitted after it left, and the registry has its departure again: that was restored from a backup`,
      where: text,
      fix: 'It is not believed, and a gateway of the cluster takes it away by itself.',
    });
  }

  /** Throws unless `cluster` is believed and signed a record, given as it was stored: RECORD_UNSIGNED or CERT_UNTRUSTED. */
  verifyFrom(cluster: ClusterName, text: string, raw: unknown): void {
    verifyRecord(text, raw, this.#rootsOf(cluster, text));
  }

  /**
   * Stops believing clusters that have neither record nor bundle in a snapshot; give it one only when the registry has
   * confirmed it. One without the own cluster says nothing about the others: its registry lost its data, or we were evicted.
   */
  retain({ clusters }: Pick<Snapshot, 'clusters'>): void {
    if (!isMember(clusters.get(this.#options.cluster))) return;
    const gone = [...this.#bundles.keys()].filter((cluster) => !isMember(clusters.get(cluster)));
    for (const cluster of gone) {
      this.#departed.set(cluster, this.#bundles.get(cluster)?.admittedAt ?? 0);
      this.#bundles.delete(cluster);
      this.#options.trustStore.remove(this.#trustDomain(cluster));
      this.#options.log.warn({ cluster }, 'the cluster left; its bundle is no longer believed');
    }
    if (gone.length > 0) this.#changed();
  }

  /**
   * The own roots have changed; resolves once that is in the membership file. A founder whose file named none of the roots that it has
   * would not know itself again.
   */
  ownChanged(): Promise<void> {
    this.#changed();
    return this.#pins.settled();
  }

  /** What this cluster's own record is to say of the members that it admitted, among all, now that the root that signed their admissions changes. */
  vouched(clusters: Snapshot['clusters']): Vouched {
    const { cluster: self } = this.#options;
    return Object.fromEntries(
      [...this.#bundles].flatMap(([cluster, { bundle, admittedAt: at }]) => {
        if (at === 0 || clusters.get(cluster)?.bundle?.admission?.by !== self) return [];
        const fingerprints = bundle.roots.map((root) => fingerprintOf(root.raw));
        const { replaces } = clusters.get(cluster)?.bundle?.admission ?? {};
        return [[cluster, { fingerprints, at, ...(replaces && { replaces: true }) }] as const];
      }),
    );
  }

  /** FILE_UNWRITABLE while the membership file does not say what is believed. */
  get problem(): IsthmusError | undefined {
    return this.#pins.problem;
  }

  /** Done once everything believed so far is in the membership file, or can't be written there, which `problem` says. */
  persisted(): Promise<void> {
    return this.#pins.settled();
  }

  #consider(cluster: ClusterName, key: string, raw: unknown): void {
    const decision = considerBundle(this.beliefs, cluster, raw);
    if (decision.kind === 'refuse') {
      if (decision.problem.code === 'RECORD_STALE') this.#returned.add(cluster);
      throw decision.problem;
    }
    this.#returned.delete(cluster);
    this.#followFounder(cluster, key, raw);
    if (decision.kind === 'unchanged') return;
    this.#believe(cluster, decision.believed);
    this.#departed.delete(cluster);
    this.#options.log.info({ cluster }, 'the bundle is believed');
    this.#changed();
  }

  /** Whether a charter's founder is this cluster. Its own roots are beyond doubt, also after they changed; those of another of its name are not its own. */
  #isOwn({ founder, bundle }: Charter): boolean {
    const { cluster, ownBundle } = this.#options;
    const pinned = new Set(bundle.roots.map((root) => root.fingerprint256));
    return founder === cluster && ownBundle().roots.some((root) => pinned.has(root.fingerprint256));
  }

  /** The founder's roots change by the word of one that it had, whoever else vouches for a cluster of its name. */
  #followFounder(cluster: ClusterName, key: string, raw: unknown): void {
    const charter = this.#charter;
    if (charter?.founder !== cluster) return;
    const { bundle, record } = readBundle(this.#options, cluster, key, raw);
    if (bundleFingerprint(bundle) === bundleFingerprint(charter.bundle)) return;
    if (bundle.sequence < charter.bundle.sequence) return;
    try {
      verifyBundle(key, raw, { known: charter.bundle, bundle, record });
    } catch (thrown) {
      this.#options.log.warn(
        { err: asIsthmusError(thrown), cluster },
        'a cluster is called like the founder, and is not it',
      );
      return;
    }
    this.#charter = { ...charter, bundle };
    this.#changed();
  }

  #believe(cluster: ClusterName, believed: BelievedBundle): void {
    this.#bundles.set(cluster, believed);
    this.#options.trustStore.set(believed.bundle);
  }

  #rootsOf(cluster: ClusterName, where: string): BelievedBundle['bundle']['roots'] {
    const believed =
      cluster === this.#options.cluster
        ? this.#options.ownBundle()
        : this.#bundles.get(cluster)?.bundle;
    if (believed) return believed.roots;
    throw new IsthmusError('CERT_UNTRUSTED', { what: `${cluster} is not trusted here`, where });
  }

  #trustDomain(cluster: ClusterName): TrustDomain {
    return parseTrustDomain(trustDomainOf(cluster, this.#options.federation));
  }

  #changed(): void {
    void this.#pins.save();
    queueMicrotask(() => {
      this.#subscribers.tell();
    });
  }

  #withPins(state: MembershipState): MembershipState {
    if (!isJoined(state)) return state;
    const pins = Object.fromEntries(
      [...this.#bundles].map(([cluster, { bundle, admittedAt }]) => [
        cluster,
        { bundle: encodeBundle(bundle), admittedAt },
      ]),
    );
    const { charter } = this;
    return {
      ...state,
      pins,
      departed: Object.fromEntries(this.#departed),
      ...(charter && { charter: keptCharter(charter) }),
    };
  }
}

/** Either counts: the two may arrive, and go, one after the other. */
function isMember(view: ClusterView | undefined): boolean {
  return view?.record !== undefined || view?.bundle !== undefined;
}
