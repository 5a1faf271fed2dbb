/** Owns many rules of one action: those that can't be about a request's path are not looked at. */
import type { Facts } from './facts.ts';
import type { Rule } from './rules.ts';

const none: readonly Rule[] = [];

export class RuleSet {
  readonly #ofAnyPath: Rule[] = [];
  readonly #bySegment = new Map<string, Rule[]>();
  /** For connections. */
  readonly #tcp: readonly Rule[];

  constructor(http: readonly Rule[], tcp: readonly Rule[]) {
    this.#tcp = tcp;
    for (const rule of http) {
      if (rule.segments === undefined) this.#ofAnyPath.push(rule);
      else {
        for (const segment of rule.segments) {
          this.#bySegment.getOrInsertComputed(segment, () => []).push(rule);
        }
      }
    }
  }

  /** A rule that fits; undefined where none does. */
  find(facts: Facts): Rule | undefined {
    if (facts.isTcp) return findIn(this.#tcp, facts);
    const found = findIn(this.#ofAnyPath, facts);
    if (found !== undefined || this.#bySegment.size === 0) return found;
    return findIn(this.#at(facts.segment), facts) ?? this.#findFolded(facts);
  }

  /** Every policy of which a rule fits. */
  all(facts: Facts): ReadonlySet<string> {
    const rules = facts.isTcp
      ? this.#tcp
      : [
          ...this.#ofAnyPath,
          ...this.#at(facts.segment),
          ...(facts.foldedSegment === facts.segment ? none : this.#at(facts.foldedSegment)),
        ];
    return new Set(rules.filter(({ test }) => test(facts)).map(({ policy }) => policy));
  }

  #findFolded(facts: Facts): Rule | undefined {
    return facts.foldedSegment === facts.segment
      ? undefined
      : findIn(this.#at(facts.foldedSegment), facts);
  }

  #at(segment: string): readonly Rule[] {
    return this.#bySegment.get(segment) ?? none;
  }
}

function findIn(rules: readonly Rule[], facts: Facts): Rule | undefined {
  for (const rule of rules) if (rule.test(facts)) return rule;
  return undefined;
}
