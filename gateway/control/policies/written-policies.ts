/**
 * Owns the policies that are written while gateways run: in the registry, for this gateway's cluster or for the whole federation.
 *
 *   asked for    at any gateway of the cluster, by the admin API; `policy/kinds.ts` has the kinds
 *   allowed      for the federation: where the founder granted it to the cluster: `grants.ts`
 *   written      signed by the cluster, at `policies/<cluster>/<namespace>/<kind>/<name>`, or `policies/@/...`: `kept-policies.ts`
 *   heard        by every gateway that they are for; what can't be used leaves the last good one in force: `policy-board.ts`
 *   in force     with those of the configuration: `governing.ts`
 */
import { type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { PolicyResource } from '../../../policy/effective.ts';
import { singularOf } from '../../../policy/kind-names.ts';
import type { PolicyRecord, PolicyScope } from '../../../policy/record.ts';
import { wholeFederation } from '../../../registry/policy-keys.ts';
import { federationPoliciesFile, policiesFile } from '../membership/kept-knowledge.ts';
import { Grants, type GrantsOptions } from './grants.ts';
import { KeptPolicies, type KeptPoliciesOptions, type PolicyChange } from './kept-policies.ts';
import type { WrittenPolicy } from './policy-board.ts';

/** The parts of a federation that policies are written and heard by. */
interface FederationParts extends Pick<GrantsOptions, 'store' | 'trust'> {
  /** The same for as long as the cluster's stay in its federation lasts. */
  readonly session: object;
  /** Throws unless `cluster` signed the record, given as it was stored. */
  readonly verify: KeptPoliciesOptions['verify'];
  /** Whether the cluster is a member no more. */
  isOut(): boolean;
}

interface WrittenPoliciesOptions
  extends Omit<KeptPoliciesOptions, keyof FederationParts | 'file' | 'mayWrite' | 'owner'> {
  readonly dataDir: string;
}

/** What there is while the cluster is in a federation. */
interface Parts {
  readonly grants: Grants;
  readonly cluster: KeptPolicies;
  readonly federation: KeptPolicies;
}

interface PolicyName {
  /** Default `cluster`. */
  readonly scope?: PolicyScope;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A policy as it was written. */
export interface PolicyView {
  readonly record: PolicyRecord & { readonly spec: object };
  readonly resource: PolicyResource;
  /** Whose gateways go by it. */
  readonly scope: PolicyScope;
  /** Why what the registry has in its place by now is not used. */
  readonly problem: IsthmusError | undefined;
}

export class WrittenPolicies {
  readonly #options: WrittenPoliciesOptions;
  #following: FederationParts | undefined;
  #parts: Parts | undefined;
  /** Entering and leaving, one after the other. */
  #changing: Promise<void> = Promise.resolve();
  readonly #whenListed: (() => void)[] = [];

  constructor(options: WrittenPoliciesOptions) {
    this.#options = options;
  }

  /** Hears and writes in a federation from now on; undefined: in none. In the same one again: trust, or the way to its registry, may have changed. */
  follow(parts: FederationParts | undefined): void {
    const before = this.#following;
    this.#following = parts;
    if (parts?.session === before?.session) {
      if (parts && parts.store !== before?.store) for (const one of this.#all) one.use(parts.store);
      this.#parts?.grants.record.reconsider();
      for (const { board } of this.#shelves) board.reconsider();
      return;
    }
    this.#changing = this.#changing.then(async () => {
      try {
        await this.#change(parts);
      } catch (err) {
        this.#options.log.error({ err }, 'written policies are not followed');
      }
    });
  }

  /** Resolves when the policies on disk, of a federation that is followed, are taken up. */
  recalled(): Promise<void> {
    return this.#changing;
  }

  /** Resolves when the registry has told all; at once in no federation. */
  async listed(): Promise<void> {
    await this.#changing;
    if (this.#parts === undefined || this.#isListed) return;
    await new Promise<void>((resolve) => this.#whenListed.push(resolve));
  }

  /** Those that can be used, by names that are unique among all. */
  get resources(): readonly PolicyResource[] {
    return this.#shelves.flatMap(({ board }) =>
      [...board.all.values()].flatMap(({ resource }) => resource ?? []),
    );
  }

  /** One for each record that is not used. */
  get problems(): readonly IsthmusError[] {
    return [
      ...this.#shelves.flatMap(({ problems }) => problems),
      ...(this.#parts?.grants.record.problems ?? []),
    ];
  }

  /** How many records of the registry were refused since the cluster is in its federation, by whose they were to be and why. */
  get refusals(): readonly {
    readonly of: string;
    readonly code: ErrorCode;
    readonly count: number;
  }[] {
    const { grants, cluster, federation } = this.#parts ?? {};
    const counted = {
      grants: grants?.record,
      cluster: cluster?.board,
      federation: federation?.board,
    };
    return Object.entries(counted).flatMap(([of, part]) =>
      [...(part?.refusals ?? [])].map(([code, count]) => ({ of, code, count })),
    );
  }

  /** Who may write policies of the federation. Throws NOT_A_MEMBER. */
  get grants(): Grants {
    return this.#member().grants;
  }

  /** Every policy that there is. */
  get views(): PolicyView[] {
    return [...this.#viewsOf('cluster'), ...this.#viewsOf('federation')];
  }

  /** Every policy of a kind. */
  list(kind: string, scope: PolicyScope = 'cluster'): PolicyView[] {
    return this.#viewsOf(scope).filter(({ record }) => record.kind === kind);
  }

  /** Every policy that this cluster applied with a set: a granted cluster may have one of the federation's by the same name. */
  ofSet(set: string): PolicyView[] {
    const { self } = this.#options;
    return this.views.filter(({ record }) => record.set === set && record.cluster === self);
  }

  /** How many policies may be made beside those that there are. Throws NOT_A_MEMBER. */
  room(scope: PolicyScope): number {
    return this.#member()[scope].room;
  }

  find({ scope = 'cluster', ...named }: PolicyName): PolicyView | undefined {
    const shelf = this.#parts?.[scope];
    const written = shelf?.board.all.get(shelf.keyOf(named));
    return shelf && written && viewOf(shelf, written);
  }

  /** Throws POLICY_NOT_FOUND. */
  get(named: PolicyName): PolicyView {
    const found = this.find(named);
    if (found) return found;
    const { scope, kind, namespace, name } = named;
    const who = scope === 'federation' ? this.#options.federation : this.#options.self;
    const what = `${who} has no ${singularOf(kind)} ${namespace}/${name}`;
    throw new IsthmusError('POLICY_NOT_FOUND', { what });
  }

  /**
   * Makes or replaces a policy, with a spec that its kind takes. Throws NOT_A_MEMBER, POLICY_TOO_LARGE, POLICY_LIMIT,
   * PRECONDITION_FAILED or what the registry says; and of the whole federation GRANT_MISSING or FOUNDER_UNKNOWN.
   */
  async put(named: PolicyName, change: PolicyChange): Promise<PolicyView> {
    await this.#writable(named).write(named, change);
    return this.get(named);
  }

  /** Throws POLICY_NOT_FOUND, and what `put` does. */
  async delete(named: PolicyName, change: Omit<PolicyChange, 'spec' | 'set'>): Promise<void> {
    const shelf = this.#writable(named);
    this.get(named);
    await shelf.write(named, { ...change, spec: null });
  }

  async close(): Promise<void> {
    this.#following = undefined;
    await this.#changing;
    for (const one of this.#all) await one.close();
    for (const resolve of this.#whenListed.splice(0)) resolve();
  }

  /** What was in force stays so until the next parts have taken up what is on disk. */
  async #change(parts: FederationParts | undefined): Promise<void> {
    for (const one of this.#all) await one.close();
    const following = this.#following;
    let next: Parts | undefined;
    if (following !== undefined && parts?.session === following.session) {
      next = this.#open(following, () => {
        if (this.#parts === next) this.#changed();
      });
      next.grants.start();
      await next.federation.start();
      await next.cluster.start();
    }
    this.#parts = next;
    this.#changed();
  }

  #open(following: FederationParts, changed: () => void): Parts {
    const { self, dataDir } = this.#options;
    const options = { ...this.#options, ...following };
    // What the founder says of it decides of the policies which are there already.
    const grants = new Grants({
      ...options,
      changed: () => {
        federation.board.reconsider();
        changed();
      },
    });
    const federation = new KeptPolicies({
      ...{ ...options, changed, owner: wholeFederation },
      file: federationPoliciesFile(dataDir),
      mayWrite: () => grants.mayWrite,
      verify: (cluster, key, raw) => {
        grants.assertMayWrite(cluster, key);
        following.verify(cluster, key, raw);
      },
    });
    const cluster = new KeptPolicies({
      ...{ ...options, changed, owner: self },
      file: policiesFile(dataDir),
      mayWrite: () => true,
    });
    return { grants, cluster, federation };
  }

  #changed(): void {
    this.#options.changed();
    if (!this.#isListed) return;
    for (const resolve of this.#whenListed.splice(0)) resolve();
  }

  get #isListed(): boolean {
    const { grants } = this.#parts ?? {};
    return grants?.record.isSettled === true && this.#shelves.every(({ board }) => board.isListed);
  }

  get #shelves(): readonly KeptPolicies[] {
    return this.#parts ? [this.#parts.cluster, this.#parts.federation] : [];
  }

  get #all(): readonly (Grants | KeptPolicies)[] {
    return this.#parts ? [this.#parts.grants, ...this.#shelves] : [];
  }

  #viewsOf(scope: PolicyScope): PolicyView[] {
    const shelf = this.#parts?.[scope];
    if (shelf === undefined) return [];
    return [...shelf.board.all.values()].flatMap((written) => viewOf(shelf, written) ?? []);
  }

  /** Where a policy may be written by this cluster. */
  #writable({ scope = 'cluster' }: PolicyName): KeptPolicies {
    const parts = this.#member();
    if (scope === 'federation') parts.grants.assertMayWrite(this.#options.self);
    return parts[scope];
  }

  #member(): Parts {
    const parts = this.#parts;
    if (parts && !this.#following?.isOut()) return parts;
    throw new IsthmusError('NOT_A_MEMBER', { what: `${this.#options.self} is in no federation` });
  }
}

function viewOf(shelf: KeptPolicies, { record, resource }: WrittenPolicy): PolicyView | undefined {
  const { spec } = record;
  if (spec === null || resource === undefined) return undefined;
  return {
    record: { ...record, spec },
    resource,
    scope: resource.ofFederation ? 'federation' : 'cluster',
    problem: shelf.board.problemAt(shelf.keyOf(record)),
  };
}
