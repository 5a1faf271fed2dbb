/** Owns one match of a rule, made ready: what of a request is looked at beside its path, and which of two matches comes first. */
import { compilePattern, type Matches } from '../../../../policy/route/pattern.ts';
import type { RouteMatch } from '../../../../policy/route/rule.ts';
import { isGrpc } from '../../message/grpc-type.ts';
import type { RequestHead } from '../../message/message.ts';

type Fits = (head: RequestHead) => boolean;

/** Which paths a match is for. */
type PathOf =
  | { readonly kind: 'exact'; readonly path: string }
  /** Without a slash at its end; empty: all. */
  | { readonly kind: 'prefix'; readonly path: string }
  | { readonly kind: 'pattern'; readonly matches: Matches };

export interface CompiledMatch {
  readonly path: PathOf;
  /** What is to be looked at beside the path; undefined: nothing. */
  readonly fits: Fits | undefined;
  /** The greater, in the first place where they differ, comes first. */
  readonly rank: readonly number[];
}

/**
 * The order of the Gateway API: an exact path, then the longest prefix, a method, most fields, most parameters. A pattern comes
 * before the prefix `/`, which is all paths, and after every other.
 */
export function compileMatch(match: RouteMatch): CompiledMatch {
  const { headers, queryParams, method, grpc } = match;
  const path = grpc ? grpcPath(grpc) : httpPath(match.path);
  const named = firstOfEach(headers.map((one) => ({ ...one, name: one.name.toLowerCase() })));
  const params = firstOfEach(queryParams);
  const fits = [
    ...(grpc ? [(head: RequestHead) => isGrpc(head.fields)] : []),
    ...(method === undefined ? [] : [(head: RequestHead) => head.method === method]),
    ...named.map(headerFits),
    ...params.map(paramFits),
  ];
  return {
    path: path.of,
    fits: fits.length === 0 ? undefined : all(fits),
    rank: [...path.rank, method === undefined ? 0 : 1, named.length, params.length],
  };
}

export const everything: RouteMatch = { headers: [], queryParams: [] };

interface RankedPath {
  readonly of: PathOf;
  readonly rank: readonly [kind: number, length: number];
}

const rankOf = { exact: 3, prefix: 2, pattern: 1, all: 0 } as const;

function exact(path: string): RankedPath {
  return { of: { kind: 'exact', path }, rank: [rankOf.exact, path.length] };
}

/** A slash at the end says nothing. */
function prefix(path: string): RankedPath {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  const rank = bare === '' ? rankOf.all : rankOf.prefix;
  return { of: { kind: 'prefix', path: bare }, rank: [rank, bare.length] };
}

function pattern(text: string, length = text.length): RankedPath {
  const matches = compilePattern(text);
  return { of: { kind: 'pattern', matches }, rank: [rankOf.pattern, length] };
}

function httpPath({ type, value }: NonNullable<RouteMatch['path']> = root): RankedPath {
  if (type === 'RegularExpression') return pattern(value);
  // Requests have the digits of what stays encoded in upper case.
  const path = value.replace(/%../g, (triplet) => triplet.toUpperCase());
  return type === 'Exact' ? exact(path) : prefix(path);
}

const root = { type: 'PathPrefix', value: '/' } as const;

/** A call's path is `/service/method`. */
function grpcPath({ type, service, method }: NonNullable<RouteMatch['grpc']>): RankedPath {
  const length = (service?.length ?? 0) + (method?.length ?? 0);
  if (type === 'RegularExpression') {
    return pattern(`/(?:${service ?? '[^/]+'})/(?:${method ?? '[^/]+'})`, length);
  }
  if (service === undefined) return pattern(`/[^/]+/${method}`, length);
  return method === undefined ? prefix(`/${service}`) : exact(`/${service}/${method}`);
}

function firstOfEach<T extends { readonly name: string }>(list: readonly T[]): T[] {
  const seen = new Set<string>();
  return list.filter(({ name }) => !seen.has(name) && seen.add(name));
}

function all(fits: readonly Fits[]): Fits {
  const [only] = fits;
  if (fits.length === 1 && only !== undefined) return only;
  return (head) => fits.every((one) => one(head));
}

type HeaderMatch = RouteMatch['headers'][number];

/** A field that is there several times is looked at as one, its values after each other (RFC 9110 section 5.3). */
export function headerFits({ type, name, value }: HeaderMatch): Fits {
  const is = type === 'Exact' ? (text: string) => text === value : compilePattern(value);
  const field = name.toLowerCase();
  if (field === 'host') return ({ authority }) => is(authority);
  return ({ fields }) => {
    const values = fields.all(field);
    if (values.length === 0) return false;
    return is(values.length === 1 ? (values[0] as string) : values.join(', '));
  };
}

function paramFits({ type, name, value }: RouteMatch['queryParams'][number]): Fits {
  const is = type === 'Exact' ? (text: string) => text === value : compilePattern(value);
  return ({ path }) => {
    const found = queryOf(path).get(name);
    return found !== null && is(found);
  };
}

/** The query that was read last: all matches of a request look at the same. */
let last = { path: '', query: new URLSearchParams() };

function queryOf(path: string): URLSearchParams {
  if (last.path !== path) {
    const at = path.indexOf('?');
    last = { path, query: new URLSearchParams(at < 0 ? '' : path.slice(at + 1)) };
  }
  return last.query;
}
