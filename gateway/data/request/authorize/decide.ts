/** Owns whether a request may go on by the policies of its service: DENY before ALLOW, and with any ALLOW what none of them matches is refused. */
import type { Authorization, AuthorizationAction } from '../../../../policy/authorization.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import type { Facts } from './facts.ts';
import { RuleSet } from './rule-set.ts';
import { type Rule, ruleOf } from './rules.ts';

type Written = Extract<PolicyResource, { readonly kind: 'Authorization' }>;

/** Policies that together say who may; those in force, or those in force with those that are tried. */
interface Allowing {
  readonly rules: RuleSet;
  /** The first of them, which stands for all where none of them matches. */
  readonly first: string;
}

/** The policies of a service made ready; each part is absent where no policy is of that kind. */
export interface Authorizations {
  readonly deny: RuleSet | undefined;
  readonly allow: Allowing | undefined;
  readonly audit: RuleSet | undefined;
  /** Those of which it is only counted what they would refuse. */
  readonly dryDeny: RuleSet | undefined;
  readonly dryAllow: Allowing | undefined;
  /** The same for what is under way already: only those that break it off. */
  readonly closing: Pick<Authorizations, 'deny' | 'allow'> | undefined;
}

/** Undefined where no policy says who may. */
export function authorizationsOf(policies: readonly PolicyResource[]): Authorizations | undefined {
  const written = policies.filter((one): one is Written => one.kind === 'Authorization');
  if (written.length === 0) return undefined;
  const of = (action: AuthorizationAction, dryRun: boolean) =>
    written.filter(({ spec }) => spec.action === action && spec.dryRun === dryRun);
  const allow = of('ALLOW', false);
  const closes = ({ spec }: Written) => spec.openConnections === 'close';
  const deny = of('DENY', false);
  const closing = {
    deny: rulesOf(deny.filter(closes)),
    // What one of these allows is allowed, whichever of them would break off what is not.
    allow: allow.some(closes) ? allowing(allow) : undefined,
  };
  return {
    deny: rulesOf(deny),
    allow: allowing(allow),
    audit: rulesOf(of('AUDIT', false)),
    dryDeny: rulesOf(of('DENY', true)),
    // With one in force, one that is tried could only allow more.
    dryAllow: allow.length > 0 ? undefined : allowing(of('ALLOW', true)),
    closing: closing.deny || closing.allow ? closing : undefined,
  };
}

/** The policy by which a request is refused; undefined where it may go on. */
export function refusing(
  { deny, allow }: Pick<Authorizations, 'deny' | 'allow'>,
  facts: Facts,
): string | undefined {
  const denied = deny?.find(facts);
  if (denied !== undefined) return denied.policy;
  return allow === undefined || allow.rules.find(facts) !== undefined ? undefined : allow.first;
}

/** The rule by which a request is refused or may go on; undefined where no rule fits it. */
export function decidingRule(
  { deny, allow }: Pick<Authorizations, 'deny' | 'allow'>,
  facts: Facts,
): Rule | undefined {
  return deny?.find(facts) ?? allow?.rules.find(facts);
}

/** The policies by which a request that goes on would be refused, were they more than tried. */
export function wouldRefuse(
  { dryDeny, dryAllow }: Authorizations,
  facts: Facts,
): ReadonlySet<string> {
  const denied = dryDeny?.all(facts) ?? new Set<string>();
  if (dryAllow === undefined || dryAllow.rules.find(facts) !== undefined) return denied;
  return new Set([...denied, dryAllow.first]);
}

function allowing(policies: readonly Written[]): Allowing | undefined {
  const [first] = policies;
  return first && { rules: ruleSetOf(policies), first: first.name };
}

function rulesOf(policies: readonly Written[]): RuleSet | undefined {
  return policies.length === 0 ? undefined : ruleSetOf(policies);
}

function ruleSetOf(policies: readonly Written[]): RuleSet {
  const ready = policies.map(readyOf);
  return new RuleSet(
    ready.flatMap(({ http }) => http),
    ready.flatMap(({ tcp }) => tcp),
  );
}

interface Ready {
  readonly http: readonly Rule[];
  readonly tcp: readonly Rule[];
}

/** A policy of a namespace is made ready once, however many services are in it. */
const known = new WeakMap<Authorization, Ready>();

function readyOf({ name, spec }: Written): Ready {
  let ready = known.get(spec);
  if (ready === undefined) {
    const made = (kind: 'http' | 'tcp') =>
      spec.rules.flatMap((rule, i) => ruleOf(name, spec.action, rule, kind, i + 1) ?? []);
    ready = { http: made('http'), tcp: made('tcp') };
    known.set(spec, ready);
  }
  return ready;
}
