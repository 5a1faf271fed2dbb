/** Owns what an HTTPRoute of Istio makes happen to its requests beside where they go: faults, mirrors, rewriting, redirects, CORS. */
import { changesOf } from '../changes.ts';
import type { Field } from '../field.ts';
import type { Filter, Match, Rule } from '../rules.ts';
import { grpcStatus } from '../statuses.ts';
import type { Hosts } from './hosts.ts';

/** Filters of the rule; those that change the path come from `rewriteOf`. */
export function filtersOf(rule: Field, hosts: Hosts, namespace: string): Filter[] {
  return [
    ...headersOf(rule),
    ...redirectOf(rule.at('redirect')),
    ...mirrorsOf(rule, hosts, namespace),
    ...corsOf(rule.at('corsPolicy')),
  ];
}

/** Changes of fields, of a rule or of one destination. */
export function headersOf(of: Field): Filter[] {
  return (['request', 'response'] as const).flatMap((one) =>
    changesOf(one, of.down('headers', one)),
  );
}

/** Where all matches are of prefixes, what they matched is replaced; else the whole path, as Istio does. */
export function rewriteOf(rewrite: Field | undefined, matches: readonly Match[]): Filter[] {
  if (rewrite === undefined) return [];
  const hostname = rewrite.text('authority');
  const uri = rewrite.text('uri');
  const isOfPrefix = matches.every(({ path }) => (path?.type ?? 'PathPrefix') === 'PathPrefix');
  const path =
    uri === undefined
      ? undefined
      : isOfPrefix
        ? { type: 'ReplacePrefixMatch' as const, replacePrefixMatch: uri }
        : { type: 'ReplaceFullPath' as const, replaceFullPath: uri };
  if (hostname === undefined && path === undefined) return [];
  const urlRewrite = { ...(hostname !== undefined && { hostname }), ...(path && { path }) };
  return [{ type: 'URLRewrite', urlRewrite }];
}

function redirectOf(redirect: Field | undefined): Filter[] {
  if (redirect === undefined) return [];
  const uri = redirect.text('uri');
  if (uri?.includes('%PREFIX()%')) redirect.at('uri')?.leave('write ReplacePrefixMatch instead');
  const [scheme, hostname, port] = [
    redirect.text('scheme'),
    redirect.text('authority'),
    redirect.number('port'),
  ];
  const requestRedirect = {
    ...(scheme !== undefined && { scheme: scheme as 'http' }),
    ...(hostname !== undefined && { hostname }),
    ...(port !== undefined && { port }),
    ...(uri !== undefined &&
      !uri.includes('%PREFIX()%') && {
        path: { type: 'ReplaceFullPath' as const, replaceFullPath: uri },
      }),
    statusCode: (redirect.number('redirectCode') ?? 301) as 301,
  };
  return [{ type: 'RequestRedirect', requestRedirect }];
}

function mirrorsOf(rule: Field, hosts: Hosts, namespace: string): Filter[] {
  const one = rule.at('mirror');
  const share = rule.at('mirrorPercentage')?.number('value') ?? rule.number('mirrorPercent');
  const all = [
    ...(one ? [{ to: one, percent: share }] : []),
    ...rule.list('mirrors').map((mirror) => ({
      to: mirror.at('destination'),
      percent: mirror.at('percentage')?.number('value'),
    })),
  ];
  return all.flatMap(({ to, percent }): Filter[] => {
    const backendRef = hosts.backendOf(to, namespace);
    if (backendRef === undefined) return [];
    return [{ type: 'RequestMirror', requestMirror: { backendRef, ...shareOf(percent) } }];
  });
}

/** A fraction where a percentage is no whole number. */
function shareOf(percent: number | undefined) {
  if (percent === undefined || percent === 100) return {};
  if (Number.isInteger(percent)) return { percent };
  return { fraction: { numerator: Math.round(percent * 10_000), denominator: 1_000_000 } };
}

function corsOf(cors: Field | undefined): Filter[] {
  if (cors === undefined) return [];
  const origins = cors.list('allowOrigins').flatMap((origin) => origin.text('exact') ?? []);
  const maxAge = cors.duration('maxAge');
  const written = {
    allowOrigins: [...origins, ...(cors.texts('allowOrigin') ?? [])],
    allowMethods: cors.texts('allowMethods'),
    allowHeaders: cors.texts('allowHeaders'),
    exposeHeaders: cors.texts('exposeHeaders'),
    allowCredentials: cors.flag('allowCredentials'),
    maxAge: maxAge === undefined ? undefined : secondsOf(maxAge),
  };
  return [{ type: 'CORS', cors: written as NonNullable<Filter['cors']> }];
}

function secondsOf(duration: string): number {
  const number = Number.parseFloat(duration);
  const unit = duration.replace(/[\d.]/g, '');
  return Math.max(1, Math.round(number * ({ ms: 1e-3, s: 1, m: 60, h: 3600 }[unit] ?? 1)));
}

export function faultOf(fault: Field | undefined): Rule['fault'] {
  const [delay, abort] = [fault?.at('delay'), fault?.at('abort')];
  const duration = delay?.duration('fixedDelay');
  const [httpStatus, grpc] = [abort?.number('httpStatus'), abort?.text('grpcStatus')];
  const status = grpc === undefined ? undefined : grpcStatus(grpc);
  if (grpc !== undefined && status === undefined) {
    abort?.at('grpcStatus')?.leave('it is no status of gRPC that tells of a failure');
  }
  const [delayed, aborted] = [percentageOf(delay), percentageOf(abort)];
  const said = {
    ...(duration !== undefined &&
      delayed !== undefined && {
        delay: { duration, percentage: delayed },
      }),
    ...(aborted !== undefined &&
      (httpStatus !== undefined || status !== undefined) && {
        abort: {
          ...(httpStatus !== undefined && { httpStatus }),
          ...(status !== undefined && { grpcStatus: status }),
          percentage: aborted,
        },
      }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

/** Without a percentage a fault of Istio befalls nobody; here it would befall all. */
function percentageOf(fault: Field | undefined): number | undefined {
  if (fault === undefined) return undefined;
  const percentage = fault.at('percentage')?.number('value') ?? fault.number('percent');
  if (percentage === undefined) fault.leave('it has no percentage, and befalls no request there');
  return percentage;
}

export function directResponseOf(response: Field | undefined): Rule['directResponse'] {
  const status = response?.number('status');
  if (status === undefined) return undefined;
  const body = response?.at('body')?.text('string');
  return { status, ...(body !== undefined && { body }) };
}
