/** Owns a written rule made ready: who, what for, and what else, as one test. */

import { readConditionKey } from '../../../../policy/authorization/condition-key.ts';
import type {
  AuthorizationAction,
  AuthorizationRule,
  Operation,
} from '../../../../policy/authorization.ts';
import { namingForeign } from './foreign.ts';
import { type Field, fieldOf, fields, type Test } from './matchers.ts';
import { segmentOf } from './paths.ts';

export interface Rule {
  /** Unique among all policies. */
  readonly policy: string;
  /** Its place among the rules of its policy, from 1 on. */
  readonly number: number;
  readonly test: Test;
  /** The first segments of all paths that it is about; undefined: it is about others too. */
  readonly segments: readonly string[] | undefined;
}

/** Made for requests of HTTP, or for connections. */
type Kind = 'http' | 'tcp';

/** What one field of a rule says. */
interface Said {
  readonly field: Field;
  readonly values: readonly string[] | undefined;
  readonly notValues: readonly string[] | undefined;
}

/** A written rule made ready, for whoever calls: one that allows lets in callers of foreign trust domains only where it names them. */
export function ruleOf(
  policy: string,
  action: AuthorizationAction,
  written: AuthorizationRule,
  kind: Kind,
  number = 1,
): Rule | undefined {
  const rule = plainRuleOf(policy, action, written, kind, number);
  if (rule === undefined || action !== 'ALLOW') return rule;
  const naming = namingForeign(written);
  const forForeign = naming && plainRuleOf(policy, action, naming, kind, number);
  const test: Test = (facts) => {
    if (facts.foreign === undefined) return rule.test(facts);
    return forForeign?.test(facts) ?? false;
  };
  return { ...rule, test };
}

/**
 * The rule as a test; undefined for one that no connection can match. What is HTTP's can't be looked at in a connection: as in Istio
 * an ALLOW rule that says any of it is none there, and of a rule that refuses only the rest is looked at, so that it refuses more.
 */
export function plainRuleOf(
  policy: string,
  action: AuthorizationAction,
  { from, to, when = [] }: AuthorizationRule,
  kind: Kind,
  number = 1,
): Rule | undefined {
  const sources = from?.map(({ source }) => saidIn(source));
  const operations = to?.map(({ operation }) => saidIn(operation));
  const conditions = when.flatMap(({ key, values, notValues }) => {
    const read = readConditionKey(key);
    return read === undefined ? [] : [{ field: fieldOf(read), values, notValues }];
  });
  const all = [...(sources ?? []).flat(), ...(operations ?? []).flat(), ...conditions];
  if (kind === 'tcp' && action === 'ALLOW' && all.some(({ field }) => field.isHttp)) {
    return undefined;
  }
  const isWide = action !== 'ALLOW';
  const every = (said: readonly Said[]) =>
    everyOf(
      said.flatMap((one) => (kind === 'tcp' && one.field.isHttp ? [] : testsOf(one, isWide))),
    );
  const parts = [
    ...(operations ? [anyOf(operations.map(every))] : []),
    ...(sources ? [anyOf(sources.map(every))] : []),
    ...(conditions.length > 0 ? [every(conditions)] : []),
  ];
  const segments = kind === 'http' ? segmentsOf(to) : undefined;
  return { policy, number, test: everyOf(parts), segments };
}

/** `principals` and `notPrincipals` are one field. */
function saidIn(written: Readonly<Record<string, readonly string[] | undefined>>): Said[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const values = written[name];
    const notValues = written[`not${name[0]?.toUpperCase()}${name.slice(1)}`];
    return values === undefined && notValues === undefined ? [] : [{ field, values, notValues }];
  });
}

function testsOf({ field, values, notValues }: Said, isWide: boolean): Test[] {
  const tests: Test[] = [];
  if (values !== undefined) tests.push(field.test(values, isWide));
  if (notValues !== undefined) {
    const fits = field.test(notValues, !isWide);
    tests.push((facts) => !fits(facts));
  }
  return tests;
}

function everyOf(tests: readonly Test[]): Test {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (facts) => tests.every((test) => test(facts));
}

function anyOf(tests: readonly Test[]): Test {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (facts) => tests.some((test) => test(facts));
}

function segmentsOf(to: AuthorizationRule['to']): readonly string[] | undefined {
  if (to === undefined) return undefined;
  const segments = new Set<string>();
  for (const { operation } of to) {
    const { paths }: Operation = operation;
    if (paths === undefined) return undefined;
    for (const path of paths) {
      const segment = segmentOf(path);
      if (segment === undefined) return undefined;
      segments.add(segment);
    }
  }
  return [...segments];
}
