/**
 * Owns the policies that are written while gateways run: in the registry, by and for this gateway's cluster.
 *
 *   asked for    at any gateway of the cluster, by the admin API; `policy/kinds.ts` has the kinds
 *   written      signed by the cluster, at `policies/<cluster>/<namespace>/<kind>/<name>`: `cluster-policies.ts`
 *   heard        by every gateway of the cluster; what can't be used leaves the last good one in force: `policy-board.ts`
 *   in force     over those of the configuration: `governing.ts`
 */
import { IsthmusError } from '../../../core/errors.ts';
import type { PolicyResource } from '../../../policy/effective.ts';
import { singularOf } from '../../../policy/kind-names.ts';
import type { PolicyRecord } from '../../../policy/record.ts';
import {
  ClusterPolicies,
  type ClusterPoliciesOptions,
  type PolicyChange,
} from './cluster-policies.ts';
import type { WrittenPolicy } from './policy-board.ts';

/** The parts of a federation that policies are written and heard by. */
interface FederationParts extends Pick<ClusterPoliciesOptions, 'store' | 'verify'> {
  /** The same for as long as the cluster's stay in its federation lasts. */
  readonly session: object;
  /** Whether the cluster is a member no more. */
  isOut(): boolean;
}

type WrittenPoliciesOptions = Omit<ClusterPoliciesOptions, keyof FederationParts>;

interface PolicyName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A policy as it was written. */
export interface PolicyView {
  readonly record: PolicyRecord & { readonly spec: object };
  readonly resource: PolicyResource;
  /** Why what the registry has in its place by now is not used. */
  readonly problem: IsthmusError | undefined;
}

export class WrittenPolicies {
  readonly #options: WrittenPoliciesOptions;
  #following: FederationParts | undefined;
  #part: ClusterPolicies | undefined;
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
      if (parts && parts.store !== before?.store) this.#part?.use(parts.store);
      this.#part?.board.reconsider();
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
    if (this.#part === undefined || this.#part.board.isListed) return;
    await new Promise<void>((resolve) => this.#whenListed.push(resolve));
  }

  /** Those that can be used, by names that are unique among all. */
  get resources(): readonly PolicyResource[] {
    return this.#all.flatMap(({ resource }) => resource ?? []);
  }

  /** One for each record that is not used. */
  get problems(): readonly IsthmusError[] {
    return this.#part?.board.problems ?? [];
  }

  /** Every policy that there is. */
  get views(): PolicyView[] {
    return this.#all.flatMap((written) => this.#viewOf(written) ?? []);
  }

  /** Every policy of a kind. */
  list(kind: string): PolicyView[] {
    return this.views.filter(({ record }) => record.kind === kind);
  }

  /** Every policy that was applied with a set. */
  ofSet(set: string): PolicyView[] {
    return this.views.filter(({ record }) => record.set === set);
  }

  /** How many policies may be made beside those that there are. Throws NOT_A_MEMBER. */
  get room(): number {
    return this.#member().room;
  }

  find({ kind, namespace, name }: PolicyName): PolicyView | undefined {
    const key = this.#part?.keyOf({ kind, namespace, name });
    const written = key === undefined ? undefined : this.#part?.board.all.get(key);
    return written && this.#viewOf(written);
  }

  /** Throws POLICY_NOT_FOUND. */
  get(named: PolicyName): PolicyView {
    const found = this.find(named);
    if (found) return found;
    const { kind, namespace, name } = named;
    const what = `${this.#options.self} has no ${singularOf(kind)} ${namespace}/${name}`;
    throw new IsthmusError('POLICY_NOT_FOUND', { what });
  }

  /**
   * Makes or replaces a policy of this cluster, with a spec that its kind takes. Throws NOT_A_MEMBER, POLICY_TOO_LARGE,
   * POLICY_LIMIT, PRECONDITION_FAILED or what the registry says.
   */
  async put(named: PolicyName, change: PolicyChange): Promise<PolicyView> {
    await this.#member().write(named, change);
    return this.get(named);
  }

  /** Throws POLICY_NOT_FOUND, and what `put` does. */
  async delete(named: PolicyName, change: Omit<PolicyChange, 'spec' | 'set'>): Promise<void> {
    const part = this.#member();
    this.get(named);
    await part.write(named, { ...change, spec: null });
  }

  async close(): Promise<void> {
    this.#following = undefined;
    await this.#changing;
    await this.#part?.close();
    for (const resolve of this.#whenListed.splice(0)) resolve();
  }

  /** What was in force stays so until the next part has taken up what is on disk. */
  async #change(parts: FederationParts | undefined): Promise<void> {
    await this.#part?.close();
    const following = this.#following;
    let next: ClusterPolicies | undefined;
    if (following !== undefined && parts?.session === following.session) {
      const changed = () => {
        if (this.#part === next) this.#changed();
      };
      next = new ClusterPolicies({ ...this.#options, ...following, changed });
      await next.start();
    }
    this.#part = next;
    this.#changed();
  }

  #changed(): void {
    this.#options.changed();
    if (!this.#part?.board.isListed) return;
    for (const resolve of this.#whenListed.splice(0)) resolve();
  }

  get #all(): WrittenPolicy[] {
    return [...(this.#part?.board.all.values() ?? [])];
  }

  #viewOf({ record, resource }: WrittenPolicy): PolicyView | undefined {
    const { spec } = record;
    if (spec === null || resource === undefined) return undefined;
    const problem = this.#part?.board.problemAt(this.#part.keyOf(record));
    return { record: { ...record, spec }, resource, problem };
  }

  #member(): ClusterPolicies {
    const part = this.#part;
    if (part && !this.#following?.isOut()) return part;
    throw new IsthmusError('NOT_A_MEMBER', { what: `${this.#options.self} is in no federation` });
  }
}
