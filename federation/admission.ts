/** Owns admitting clusters: checks a join request and its token, then makes the cluster a member in one transaction or not at all. */
import { clockToleranceMs } from '../certs/x509.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import { version } from '../core/version.ts';
import { encodeKey, kindPrefix } from '../registry/keys.ts';
import {
  type BundleRecord,
  bundleRecordSchema,
  departureRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { type Signer, signRecord } from '../registry/signing.ts';
import type { Store, StoredValue } from '../registry/store.ts';
import { type Applicant, examine } from './applicant.ts';
import { keptCharter } from './charter.ts';
import { tracesGone } from './leave.ts';
import type { RegistryAccess } from './member.ts';
import { believedMembers } from './members.ts';
import type { JoinReply, JoinRequest } from './messages.ts';
import { type Line, refusing, well } from './preflight.ts';
import { reach, reachedLines } from './reachability.ts';
import { type HeldToken, ShownTokens } from './shown-tokens.ts';
import { admissionBytes, replacementBytes } from './statements.ts';
import type { FederationTrust } from './trust.ts';

/** How often a transaction that lost a race is looked at again: the second look already sees who won. */
const attempts = 3;
/** Addresses of an applicant that are dialed. */
const maxDialed = 32;

interface AdmissionOptions {
  /** The registry, as this gateway has it now. */
  store(): Store;
  readonly federation: FederationName;
  /** The admitting cluster. */
  readonly cluster: ClusterName;
  /** Id of this gateway. */
  readonly gateway: string;
  /** Its cluster's authority, whose active root tokens name. */
  readonly authority: Signer & { readonly keyId: string };
  readonly trust: FederationTrust;
  /** How a new member reaches the registry. */
  readonly registry: () => RegistryAccess;
  readonly clock: Clock;
  readonly log: Log;
}

/** A clock that is further ahead of ours is not gone by. */
const mostAheadMs = 24 * 3600_000;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #tokens: ShownTokens;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#tokens = new ShownTokens(options);
  }

  /**
   * Checks as `join` does and answers with today's members; writes nothing and leaves the token good. Where the request wants lines, what
   * would refuse a cluster whose token is good is among them; else it throws as `join` does.
   */
  async preview(request: JoinRequest, remote: string): Promise<JoinReply> {
    const heardMs = this.#options.clock.now();
    const token = await this.#tokens.held(request, remote);
    const applicant = this.#examine(request);
    const isReplay = await this.#isReplay(token, applicant);
    if (!isReplay) this.#refuseSpent(token);
    if (request.wantsLines) {
      const lines = await this.#lines(token, applicant, isReplay);
      const { clock, gateway } = this.#options;
      const reply = await this.#reply();
      return { ...reply, lines, heardMs, answeredMs: clock.now(), version, gateway };
    }
    if (!isReplay) {
      this.#refuseSkew(request);
      await this.#refuseTaken(token, applicant);
    }
    return this.#reply();
  }

  /**
   * Admits a cluster. The same cluster with the same root and token gets the same answer again, also once the token has
   * expired, so that an answer lost on its way leaves nobody half joined. Throws TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED,
   * CLOCK_SKEW, JOIN_REFUSED, JOIN_CONFLICT, or what the store throws: then it may have happened, and asking again tells.
   */
  async join(request: JoinRequest, remote: string): Promise<JoinReply> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const token = await this.#tokens.held(request, remote);
      const applicant = this.#examine(request);
      if (await this.#isReplay(token, applicant)) return this.#reply();
      this.#refuseSpent(token);
      this.#refuseSkew(request);
      await this.#refuseTaken(token, applicant);
      if (await this.#admit(token, applicant)) {
        const { cluster, fingerprint } = applicant;
        this.#options.log.info({ cluster, fingerprint, remote }, 'the cluster is admitted');
        return this.#reply();
      }
    }
    throw new IsthmusError('REGISTRY_CONFLICT', { what: 'Others kept changing the registry' });
  }

  #examine(request: JoinRequest): Applicant {
    const { federation, authority } = this.#options;
    return examine(request, { federation, fingerprint: authority.keyId });
  }

  /** Whether this very cluster was admitted with this token and root before, and is still a member. */
  async #isReplay({ record: { usedBy } }: HeldToken, applicant: Applicant): Promise<boolean> {
    if (usedBy !== applicant.cluster) return false;
    const [record, bundle] = await this.#records(applicant);
    if (!record || !bundle) return false;
    const { admission } = parseRecord(bundleRecordSchema, bundle.key, bundle.value);
    return admission?.fingerprint === applicant.fingerprint;
  }

  #refuseSpent({ record: { usedBy, expiresAt } }: HeldToken): void {
    if (usedBy !== undefined) {
      throw new IsthmusError('TOKEN_USED', { what: `${usedBy} has joined with this token` });
    }
    if (this.#options.clock.now() >= expiresAt) {
      const when = new Date(expiresAt).toISOString();
      throw new IsthmusError('TOKEN_EXPIRED', { what: `The join token expired at ${when}` });
    }
  }

  /** Members whose clocks are further apart refuse each other's certificates. */
  #refuseSkew({ timeMs }: JoinRequest): void {
    if (timeMs) refuseSkew(timeMs, this.#options.clock.now());
  }

  /** A name that is taken is given to another only by a token that says so, and only of a cluster that is not alive. */
  async #refuseTaken({ record: token }: HeldToken, applicant: Applicant): Promise<void> {
    const { federation, cluster: self } = this.#options;
    const { cluster } = applicant;
    if (token.replaces !== undefined && token.replaces !== cluster) {
      throw new IsthmusError('JOIN_REFUSED', {
        what: `The join token admits another ${token.replaces} in place of the one there is, and no ${cluster}`,
        fix: 'Create a token without `--replaces`.',
      });
    }
    if (token.replaces && cluster !== self) {
      const alive = await this.#options.store().list(kindPrefix(federation, 'gateways', cluster));
      if (alive.values.length === 0) return;
      throw new IsthmusError('JOIN_CONFLICT', {
        what: `${cluster} still has ${alive.values.length} live gateway(s), so another does not take its place`,
        where: this.#keys(applicant).cluster,
        fix: `Stop them, and wait some 30 s for their leases to end; or join as one of them: \`isthmus token create --gateway\`.`,
      });
    }
    const [record, bundle] = await this.#records(applicant);
    if (!record && !bundle && cluster !== self) return;
    const { admission } = bundle ? parseRecord(bundleRecordSchema, bundle.key, bundle.value) : {};
    if (record && admission?.fingerprint === applicant.fingerprint) {
      throw new IsthmusError('JOIN_CONFLICT', {
        what: `${admission.by} has admitted this very ${cluster}, which did not hear so`,
        where: this.#keys(applicant).cluster,
        fix: `It finishes by itself once it reaches ${admission.by}. To begin anew instead: \`isthmus leave\` there, \`isthmus leave --cluster ${cluster}\` on a member, and a new token.`,
      });
    }
    throw new IsthmusError('JOIN_CONFLICT', {
      what: `The federation already has a cluster ${cluster}`,
      where: this.#keys(applicant).cluster,
      fix: takenFix(cluster),
    });
  }

  /** What there is to say of an applicant whose token is good: clocks are for it to compare, which knows when it asked. */
  async #lines(token: HeldToken, applicant: Applicant, isReplay: boolean): Promise<Line[]> {
    const { cluster: by, gateway, clock } = this.#options;
    const { cluster, addresses, bundle } = applicant;
    const answers = await reach(addresses.slice(0, maxDialed), bundle, clock);
    return [
      isReplay
        ? well('name', `${cluster} was admitted with this token, and gets the same answer again`)
        : await this.#nameLine(token, applicant),
      ...reachedLines(cluster, `${by}/${gateway}`, answers),
    ];
  }

  async #nameLine(token: HeldToken, applicant: Applicant): Promise<Line> {
    const { federation } = this.#options;
    const { cluster } = applicant;
    try {
      await this.#refuseTaken(token, applicant);
      if (token.record.replaces) {
        const what = `It takes the place of the ${cluster} that was believed so far, of which all records go: its policies, tokens and drills too`;
        return well('name', what);
      }
      const domain = trustDomainOf(cluster, federation);
      return well('name', `No member is called ${cluster}, or has the trust domain ${domain}`);
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (error.code !== 'JOIN_CONFLICT') throw error;
      return refusing('name', error);
    }
  }

  /** One transaction: the token is used and the cluster a member, or neither. False when somebody was faster. */
  async #admit(token: HeldToken, applicant: Applicant): Promise<boolean> {
    const { federation, cluster: by, authority, trust, clock } = this.#options;
    const { cluster, fingerprint } = applicant;
    const store = this.#options.store();
    const { bundles, departed } = trust.beliefs;
    const before = Math.max(departed.get(cluster) ?? -1, bundles.get(cluster)?.admittedAt ?? -1);
    const keys = this.#keys(applicant);
    // After its last admission, and its departure, even where our clock lags: else it could not come back.
    const at = Math.max(clock.now(), before + 1, (await this.#departedAt(keys.departure)) + 1);
    const statement = { federation, cluster, fingerprint, by, at };
    const admission = {
      ...{ by, fingerprint, at },
      signature: authority.sign(admissionBytes(statement)),
      // Also of one that left: members that were away since then believe it still.
      ...(before >= 0 && { replaces: authority.sign(replacementBytes(statement)) }),
    };
    const bundle: BundleRecord = { ...applicant.bundleRecord, admission };
    const { key } = token.stored;
    const used = signRecord(key, { ...token.raw, usedBy: cluster }, authority);
    const isReplacing = token.record.replaces !== undefined;
    const known = isReplacing ? await this.#records(applicant) : [];
    const { succeeded } = await store.txn(
      [
        { key, modRevision: token.stored.modRevision },
        { key: keys.cluster, modRevision: known[0]?.modRevision ?? 0 },
        { key: keys.bundle, modRevision: known[1]?.modRevision ?? 0 },
      ],
      [
        ...(isReplacing ? await tracesGone({ store, federation, cluster }) : []),
        { op: 'put', key, value: JSON.stringify(used), lease: token.stored.lease },
        { op: 'put', key: keys.cluster, value: applicant.clusterRecord },
        { op: 'put', key: keys.bundle, value: JSON.stringify(bundle) },
        { op: 'delete', key: keys.departure },
      ],
    );
    return succeeded;
  }

  /**
   * When the departure says that the cluster left; 0 where there is none. Who signed it may be believed no more, such as the cluster itself: a thief of the
   * registry could make this admission seem a day younger than it is, and no more.
   */
  async #departedAt(key: string): Promise<number> {
    const stored = await this.#options.store().get(key);
    if (!stored) return 0;
    try {
      const { at } = parseRecord(departureRecordSchema, key, stored.value);
      return at <= this.#options.clock.now() + mostAheadMs ? at : 0;
    } catch {
      return 0; // Nobody believed that it left by this.
    }
  }

  async #reply(): Promise<JoinReply> {
    const { kind, endpoints, hostTrustDomain = '' } = this.#options.registry();
    const members = await believedMembers({ ...this.#options, store: this.#options.store() });
    const { charter } = this.#options.trust;
    return {
      members,
      registry: { kind, endpoints, hostTrustDomain },
      charter: charter ? JSON.stringify(keptCharter(charter)) : '',
    };
  }

  #records(applicant: Applicant): Promise<readonly (StoredValue | undefined)[]> {
    const keys = this.#keys(applicant);
    return this.#options.store().getMany([keys.cluster, keys.bundle]);
  }

  #keys({ cluster }: Applicant) {
    const key = (kind: 'clusters' | 'bundles' | 'departures') =>
      encodeKey(this.#options.federation, { kind, cluster });
    return { cluster: key('clusters'), bundle: key('bundles'), departure: key('departures') };
  }
}

/** Throws CLOCK_SKEW. */
function refuseSkew(theirs: number, ours: number): void {
  const apartMs = theirs - ours;
  if (Math.abs(apartMs) <= clockToleranceMs) return;
  const how = apartMs > 0 ? 'ahead of' : 'behind';
  const minutes = Math.round(Math.abs(apartMs) / 60_000);
  throw new IsthmusError('CLOCK_SKEW', {
    what: `The clock of the joining gateway is ${minutes} minutes ${how} that of the one that admits it; ${clockToleranceMs / 60_000} minutes are tolerated`,
  });
}

/** The applicant may be a gateway of that very cluster that lost its data: the advice must not cost the cluster its membership. */
function takenFix(cluster: ClusterName): string {
  return [
    `To be a gateway of ${cluster}: on one of its gateways \`isthmus token create --gateway\`, and join with that token.`,
    'To be another cluster: choose another name.',
    `If ${cluster} has lost its authority, with all its gateways: \`isthmus token create --replaces ${cluster}\` on a member, and join with that token.`,
  ].join(' ');
}
