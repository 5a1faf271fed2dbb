/** Owns finding the rule that a request goes by, among those of all Routes for the same host or service. */
import type { PolicyResource } from '../../../../policy/effective.ts';
import type { RequestHead } from '../../message/message.ts';
import { type CompiledMatch, compileMatch, everything } from './match.ts';
import { compileRule, type Rule } from './rule.ts';

export type RouteResource = PolicyResource & { readonly kind: 'Route' };

/** A rule that is for a request. */
export interface Fit {
  readonly rule: Rule;
  /** Where its match is of a prefix: that prefix, without a slash at its end. */
  readonly prefix: string | undefined;
}

interface Entry extends Fit {
  readonly match: CompiledMatch;
}

/** In the order in which they are tried. */
type Entries = readonly Entry[];

/**
 * Exact paths and prefixes are looked up, however many there are; only matches for the same path, and patterns, are tried one by
 * one. Every list is in the order of all, so that what fits first is what comes first.
 */
export class RuleSet {
  readonly #exact = new Map<string, Entry[]>();
  readonly #prefixes = new Map<string, Entry[]>();
  readonly #patterns: Entry[] = [];
  readonly #rest: Entry[] = [];

  constructor(routes: readonly RouteResource[]) {
    for (const entry of entriesOf(routes)) {
      const { path } = entry.match;
      if (path.kind === 'pattern') this.#patterns.push(entry);
      else if (path.path === '') this.#rest.push(entry);
      else {
        const map = path.kind === 'exact' ? this.#exact : this.#prefixes;
        map.getOrInsertComputed(path.path, () => []).push(entry);
      }
    }
  }

  find(head: RequestHead): Fit | undefined {
    const path = pathIn(head.path);
    return (
      fitting(this.#exact.get(path), head) ??
      this.#byPrefix(path, head) ??
      this.#byPattern(path, head) ??
      fitting(this.#rest, head)
    );
  }

  #byPrefix(path: string, head: RequestHead): Fit | undefined {
    if (this.#prefixes.size === 0) return undefined;
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = fitting(this.#prefixes.get(path.slice(0, end)), head);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #byPattern(path: string, head: RequestHead): Fit | undefined {
    return this.#patterns.find(
      ({ match }) =>
        match.path.kind === 'pattern' &&
        match.path.matches(path) &&
        (match.fits === undefined || match.fits(head)),
    );
  }
}

/** Without the query. OPTIONS of all that a host has asks for `*`. */
function pathIn(target: string): string {
  if (target === '*') return '/';
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

function fitting(entries: Entries | undefined, head: RequestHead): Fit | undefined {
  if (entries === undefined) return undefined;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry;
    if (entry.match.fits === undefined || entry.match.fits(head)) return entry;
  }
  return undefined;
}

/** Of equals the own cluster's comes first, then the older, then the first in order of name, then the first within a Route. */
function entriesOf(routes: readonly RouteResource[]): Entry[] {
  const entries = routes.toSorted(precedence).flatMap((route) =>
    route.spec.rules.flatMap((spec, i) => {
      const rule = compileRule(route.name, route.spec.namespace, spec, i + 1);
      const matches = spec.matches.length === 0 ? [everything] : spec.matches;
      return matches.map((one): Entry => {
        const match = compileMatch(one);
        const { kind } = match.path;
        return { rule, match, prefix: kind === 'prefix' ? match.path.path : undefined };
      });
    }),
  );
  // The sort is stable.
  return entries.sort((a, b) => compare(b.match.rank, a.match.rank));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i < 0 ? 0 : (a[i] as number) - (b[i] as number);
}

function precedence(a: RouteResource, b: RouteResource): number {
  return (
    Number(a.ofFederation ?? false) - Number(b.ofFederation ?? false) ||
    a.spec.at - b.spec.at ||
    (placeOf(a) < placeOf(b) ? -1 : 1)
  );
}

function placeOf({ spec }: RouteResource): string {
  return `${spec.namespace}/${spec.name}`;
}

export function isRouteResource(one: PolicyResource): one is RouteResource {
  return one.kind === 'Route';
}
