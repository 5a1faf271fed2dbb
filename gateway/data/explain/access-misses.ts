/** Owns telling which rules nearly allowed a request that none allows, and by which conditions they did not. */
import type { AuthorizationRule } from '../../../policy/authorization.ts';
import type { PolicyResource } from '../../../policy/effective.ts';
import { Facts, type Place } from '../request/authorize/facts.ts';
import { namingForeign } from '../request/authorize/foreign.ts';
import { plainRuleOf } from '../request/authorize/rules.ts';
import type { Decision } from './decision.ts';
import type { Teller } from './way.ts';

/** Most rules told, and most that are looked at for that: each of their conditions is made ready for this question alone. */
const mostMisses = 5;
const mostLooked = 250;

/** Those that fail by the fewest conditions first. */
export function tellAccessMisses(place: Place): Teller {
  return ({ exchange, route: { governed, port }, refused }) => {
    if (refused?.code !== 'ACCESS_DENIED') return [];
    const facts = new Facts(exchange, place, port);
    return (governed?.by ?? [])
      .filter(isAllowing)
      .flatMap(({ name, spec }) => spec.rules.map((rule, i) => ({ name, rule, number: i + 1 })))
      .slice(0, mostLooked)
      .map((one) => ({
        ...one,
        failed: [...failedIn(one.rule, facts), ...unnamed(one.rule, facts)],
      }))
      .toSorted((a, b) => a.failed.length - b.failed.length)
      .filter(({ failed }) => failed.length > 0)
      .slice(0, mostMisses)
      .map(({ name, number, failed }): Decision => {
        const says = `rule ${number} of it does not allow it: it asks for ${failed.join(', ')}`;
        return { step: 'authorize', outcome: 'noted', says, policy: name, rule: number };
      });
  };
}

type Allowing = PolicyResource & { readonly kind: 'Authorization' };

function isAllowing(one: PolicyResource): one is Allowing {
  return one.kind === 'Authorization' && one.spec.action === 'ALLOW' && !one.spec.dryRun;
}

/** The conditions that fail: of several sources or operations those of the one that fails by the fewest. */
function failedIn({ from = [], to = [], when = [] }: AuthorizationRule, facts: Facts): string[] {
  const fits = (only: AuthorizationRule) =>
    plainRuleOf('', 'ALLOW', only, facts.isTcp ? 'tcp' : 'http')?.test(facts) ?? false;
  const sources = from.map(({ source }) =>
    failedFields(source, (field) => fits({ from: [{ source: field }] })),
  );
  const operations = to.map(({ operation }) =>
    failedFields(operation, (field) => fits({ to: [{ operation: field }] })),
  );
  const conditions = when
    .filter((one) => !fits({ when: [one] }))
    .map(({ key, values, notValues }) => {
      const not = notValues === undefined ? '' : ` not ${JSON.stringify(notValues)}`;
      return `${key}${values === undefined ? '' : ` of ${JSON.stringify(values)}`}${not}`;
    });
  return [...fewest(sources), ...fewest(operations), ...conditions];
}

/** A rule that fits callers of the federation alone. */
function unnamed(rule: AuthorizationRule, { foreign }: Facts): string[] {
  if (foreign === undefined || namingForeign(rule) !== undefined) return [];
  return [`callers of this federation, unless it names ${foreign} in trustDomains or principals`];
}

function failedFields<T extends object>(said: T, fits: (only: T) => boolean): string[] {
  return Object.entries(said)
    .filter(([, values]) => values !== undefined)
    .filter(([name, values]) => !fits({ [name]: values } as T))
    .map(([name, values]) => `${name} ${JSON.stringify(values)}`);
}

function fewest(failed: readonly string[][]): readonly string[] {
  return failed.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
