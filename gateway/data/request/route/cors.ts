/** Owns what scripts of other origins are let do: the answer to what browsers ask before a request, and the fields of answers (Fetch, section 3.2). */
import type { RouteCors } from '../../../../policy/route/rule.ts';
import { FieldEdits } from '../../message/field-edits.ts';
import type { Fields, RequestHead } from '../../message/message.ts';

export interface Cors {
  /** The fields of the answer to a preflight; undefined where the request is none. Without any field where it is not let. */
  preflight(head: RequestHead): Fields | undefined;
  /** The fields of the answer to a request; undefined where its origin is not let, or it has none. */
  edits(head: RequestHead): FieldEdits | undefined;
}

/** Names of fields that the service does not say beside the gateway. */
const remove = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];

export function compileCors(spec: RouteCors): Cors {
  const { allowCredentials, allowMethods, allowHeaders, exposeHeaders, maxAge } = spec;
  const isLet = originTest(spec.allowOrigins);
  const credentials = allowCredentials ? ['access-control-allow-credentials', 'true'] : [];
  const asked = (head: RequestHead, field: string) => head.fields.get(field);
  /** With credentials `*` is but a name (Fetch, section 3.2.5): what was asked for stands in its place. */
  const listed = (list: readonly string[], wanted: string | undefined) =>
    list.includes('*') ? (allowCredentials ? wanted : '*') : list.join(', ');
  const field = (name: string, value: string | undefined) =>
    value === undefined || value === '' ? [] : [name, value];
  const exposed = allowCredentials ? exposeHeaders.filter((name) => name !== '*') : exposeHeaders;
  const made = new Map<string, FieldEdits>();

  return {
    preflight(head) {
      const method = asked(head, 'access-control-request-method');
      const origin = asked(head, 'origin');
      if (head.method !== 'OPTIONS' || method === undefined || origin === undefined) {
        return undefined;
      }
      const vary = [
        'vary',
        'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      ];
      if (!isLet(origin)) return vary;
      return [
        ...vary,
        'access-control-allow-origin',
        origin,
        ...credentials,
        ...field('access-control-allow-methods', listed(allowMethods, method)),
        ...field(
          'access-control-allow-headers',
          listed(allowHeaders, asked(head, 'access-control-request-headers')),
        ),
        'access-control-max-age',
        String(maxAge),
      ];
    },
    edits(head) {
      const origin = asked(head, 'origin');
      if (origin === undefined || !isLet(origin)) return undefined;
      const known = made.get(origin);
      if (known !== undefined) return known;
      const add = [
        ...['vary', 'Origin', 'access-control-allow-origin', origin, ...credentials],
        ...field('access-control-expose-headers', exposed.join(', ')),
      ];
      const edits = FieldEdits.of({ add, remove });
      if (made.size >= mostOrigins) made.clear();
      made.set(origin, edits);
      return edits;
    },
  };
}

/** Most origins whose fields are kept: clients name what they like. */
const mostOrigins = 64;

/** A `*` in a host stands for whatever is to its left; without a port the scheme's is meant. */
function originTest(allowed: readonly string[]): (origin: string) => boolean {
  if (allowed.includes('*')) return (origin) => isOrigin.test(origin);
  const exact = new Set<string>();
  const endings: { readonly scheme: string; readonly end: string }[] = [];
  for (const one of allowed) {
    const origin = withPort(one.toLowerCase());
    const at = origin.indexOf('*');
    if (at < 0) exact.add(origin);
    else endings.push({ scheme: origin.slice(0, at), end: origin.slice(at + 1) });
  }
  return (origin) => {
    if (!isOrigin.test(origin)) return false;
    const whole = withPort(origin.toLowerCase());
    return (
      exact.has(whole) ||
      endings.some(
        ({ scheme, end }) =>
          whole.startsWith(scheme) &&
          whole.endsWith(end) &&
          whole.length > scheme.length + end.length,
      )
    );
  };
}

/** What a browser sends: it goes back as a field's value. */
const isOrigin = /^https?:\/\/[\w.~[\]:-]{1,260}$/i;

function withPort(origin: string): string {
  if (/:\d+$/.test(origin)) return origin;
  return `${origin}${origin.startsWith('https:') ? ':443' : ':80'}`;
}
