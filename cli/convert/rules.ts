/** Owns rules of which the first that fits is used, in the words of a Route, where the most specific is: their order is kept by what is added to their matches. */

import type { z } from 'zod';
import type { ruleSchema } from '../../policy/route/rule-schema.ts';
import type { Field } from './field.ts';

type Written = z.input<typeof ruleSchema>;
export type Match = NonNullable<Written['matches']>[number];
export type Filter = NonNullable<Written['filters']>[number];
export type Backend = NonNullable<Written['backendRefs']>[number];

/** What a number of a port means, which it may not in the system that is left. */
export const byNumber =
  'the named port that is registered with it is meant, and where none is the port that has no name';
export type Named = NonNullable<Match['headers']>[number];

/** A rule that is being made. */
export interface Rule extends Omit<Written, 'matches'> {
  readonly matches: readonly Match[];
}

/** A rule, and what it came from. */
export interface PlacedRule {
  readonly rule: Rule;
  readonly from: Field;
}

/** Most matches of a rule, and of a Route. */
const mostOfRule = 64;
const mostOfRoute = 128;

/** A rule without matches is for all requests. */
const anything: Match = {};

/**
 * The same rules, so that a Route uses for each request the one that comes first. A match that a later one outranks gets, beside
 * it, the two as one: that is at least as specific as the later, and of two that are equally so the first is used.
 */
export function inOrder(rules: readonly PlacedRule[]): Rule[] {
  const done: Rule[] = [];
  let count = 0;
  for (const { rule, from } of [...rules].reverse()) {
    const own = rule.matches.length === 0 ? [anything] : rule.matches;
    const later = done.flatMap(({ matches }) => (matches.length === 0 ? [anything] : matches));
    const both = own.flatMap((match) =>
      later.filter((one) => outranks(one, match)).map((one) => bothOf(match, one)),
    );
    const added = both.filter((one) => one !== 'unknown' && one !== 'none');
    if (both.includes('unknown')) {
      from.differs(
        'the first rule that fits is used there, the most specific here, and a later one is: they have patterns or different kinds of one match, of which no common one can be made',
      );
    }
    const matches = unique([...own, ...added]);
    const isTooMany = matches.length > mostOfRule || count + matches.length > mostOfRoute;
    if (isTooMany) {
      from.differs(
        'the first rule that fits is used there, the most specific here, and a later one is: to keep the order takes more matches than a Route may have',
      );
    }
    const kept = isTooMany ? own : matches;
    count += kept.length;
    const isAll = kept.length === 1 && kept[0] === anything;
    done.unshift({ ...rule, matches: isAll ? [] : kept });
  }
  return done;
}

/** A Route's order: an exact path, the longest prefix, a pattern, and all paths; then a method, most fields, most parameters. */
function rankOf({ path, method, headers = [], queryParams = [], grpc }: Match): number[] {
  return [
    ...(grpc ? grpcRank(grpc) : pathRank(path)),
    method === undefined ? 0 : 1,
    headers.length,
    queryParams.length,
  ];
}

const ranks = { exact: 3, prefix: 2, pattern: 1, all: 0 } as const;

function pathRank({ type = 'PathPrefix', value = '/' }: NonNullable<Path> = {}): number[] {
  if (type === 'Exact') return [ranks.exact, value.length];
  if (type === 'RegularExpression') return [ranks.pattern, value.length];
  const bare = value.replace(/\/$/, '');
  return [bare === '' ? ranks.all : ranks.prefix, bare.length];
}

/** A call's path is `/service/method`. */
function grpcRank({ type, service, method }: Grpc): number[] {
  if (type === 'RegularExpression' || service === undefined) {
    return [ranks.pattern, (service?.length ?? 0) + (method?.length ?? 0)];
  }
  return method === undefined
    ? [ranks.prefix, service.length + 1]
    : [ranks.exact, service.length + method.length + 2];
}

/** Which of two a Route prefers comes first. */
export function bySpecificity(one: Match, other: Match): number {
  return outranks(one, other) ? -1 : outranks(other, one) ? 1 : 0;
}

function outranks(one: Match, other: Match): boolean {
  const [a, b] = [rankOf(one), rankOf(other)];
  const i = a.findIndex((number, at) => number !== b[at]);
  return i >= 0 && (a[i] as number) > (b[i] as number);
}

/** Requests of both; `none` where there are none, `unknown` where no one match says it. */
function bothOf(one: Match, other: Match): Match | 'none' | 'unknown' {
  const path = one.grpc || other.grpc ? undefined : bothPaths(one.path, other.path);
  const headers = bothNamed(one.headers, other.headers, (name) => name.toLowerCase());
  const queryParams = bothNamed(one.queryParams, other.queryParams, (name) => name);
  const grpc = bothGrpc(one, other);
  if (one.method !== undefined && other.method !== undefined && one.method !== other.method) {
    return 'none';
  }
  const parts: readonly unknown[] = [path, headers, queryParams, grpc];
  if (parts.includes('none')) return 'none';
  if (parts.includes('unknown')) return 'unknown';
  const method = one.method ?? other.method;
  return {
    ...(path !== undefined && { path: path as NonNullable<Match['path']> }),
    ...(method !== undefined && { method }),
    ...(headers.length > 0 && { headers: headers as Named[] }),
    ...(queryParams.length > 0 && { queryParams: queryParams as Named[] }),
    ...(grpc !== undefined && { grpc: grpc as Grpc }),
  };
}

type Path = Match['path'];
type Grpc = NonNullable<Match['grpc']>;

/** What is of gRPC can't be said beside a path, a method or parameters. */
function bothGrpc(one: Match, other: Match): Grpc | 'none' | 'unknown' | undefined {
  const [a, b] = [one.grpc, other.grpc];
  if (a === undefined && b === undefined) return undefined;
  if (a === undefined || b === undefined) {
    const { path, method, queryParams = [] } = a === undefined ? one : other;
    const isOfAll = (path === undefined || isAll(path)) && method === undefined;
    return isOfAll && queryParams.length === 0 ? (a ?? b) : 'unknown';
  }
  if (isSame(a, b)) return a;
  if (a.type === 'RegularExpression' || b.type === 'RegularExpression') return 'unknown';
  for (const key of ['service', 'method'] as const) {
    if (a[key] !== undefined && b[key] !== undefined && a[key] !== b[key]) return 'none';
  }
  return { ...a, ...b };
}

function bothPaths(one: Path, other: Path): Path | 'none' | 'unknown' {
  if (one === undefined || isAll(one)) return other;
  if (other === undefined || isAll(other) || isSame(one, other)) return one;
  if (one.type === 'RegularExpression' || other.type === 'RegularExpression') return 'unknown';
  if (one.type === 'Exact') return isBelow(one, other) ? one : 'none';
  if (other.type === 'Exact') return isBelow(other, one) ? other : 'none';
  if (isBelow(one, other)) return one;
  return isBelow(other, one) ? other : 'none';
}

function isAll({ type = 'PathPrefix', value = '/' }: NonNullable<Path>): boolean {
  return type === 'PathPrefix' && value === '/';
}

/** Whether a path is the other, or below it where that is a prefix. */
function isBelow({ value = '/' }: NonNullable<Path>, other: NonNullable<Path>): boolean {
  if (other.type === 'Exact') return value === other.value;
  const prefix = (other.value ?? '/').replace(/\/$/, '');
  return value === prefix || value.startsWith(`${prefix}/`);
}

function bothNamed(
  one: readonly Named[] = [],
  other: readonly Named[] = [],
  keyOf: (name: string) => string,
): readonly Named[] | 'none' | 'unknown' {
  const all = [...one];
  for (const named of other) {
    const same = all.find(({ name }) => keyOf(name) === keyOf(named.name));
    if (same === undefined) all.push(named);
    else if (same.value === named.value && same.type === named.type) continue;
    else if (isExact(same) && isExact(named)) return 'none';
    else return 'unknown';
  }
  return all;
}

function isExact({ type = 'Exact' }: Named): boolean {
  return type === 'Exact';
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function unique(matches: readonly Match[]): Match[] {
  const seen = new Map(matches.toReversed().map((match) => [JSON.stringify(match), match]));
  return [...seen.values()].toReversed();
}
