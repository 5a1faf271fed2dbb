/** Owns the way from `isthmus register`'s options to the body that the admin API takes. */
import { parseAddress } from '../core/address.ts';
import { durationSchema } from '../core/duration.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';

export interface RegisterOptions {
  readonly address: string;
  readonly protocol?: string | undefined;
  readonly zone?: string | undefined;
  readonly weight?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly port?: readonly string[] | undefined;
  readonly ttl?: string | undefined;
  readonly deregisterAfter?: string | undefined;
  readonly checkHttp?: string | undefined;
  readonly checkTcp?: boolean | undefined;
  readonly checkGrpc?: boolean | undefined;
  readonly checkService?: string | undefined;
  readonly checkHost?: string | undefined;
  readonly checkTls?: boolean | undefined;
  readonly checkHttp2?: boolean | undefined;
  readonly checkExpect?: readonly string[] | undefined;
  readonly checkRise?: string | undefined;
  readonly checkFall?: string | undefined;
  readonly checkInterval?: string | undefined;
  readonly checkTimeout?: string | undefined;
  readonly export?: boolean | undefined;
}

interface Registration {
  readonly body: Readonly<Record<string, unknown>>;
  readonly ttlMs: number | undefined;
}

/** Throws USAGE naming the option that is wrong; the gateway judges the rest. */
export function registration(options: RegisterOptions): Registration {
  const ttlMs = duration('--ttl', options.ttl);
  if (options.deregisterAfter !== undefined && ttlMs === undefined) {
    throw misuse('--deregister-after', 'needs --ttl', 'Add --ttl 15s.');
  }
  duration('--deregister-after', options.deregisterAfter);
  const body = {
    ...hostPort(options.address),
    protocol: options.protocol,
    zone: options.zone,
    weight: weight(options.weight),
    labels: options.label === undefined ? undefined : labels(options.label),
    ports: options.port?.map(namedPort),
    exported: options.export,
    ttl: options.ttl,
    deregisterAfter: options.deregisterAfter,
    check: check(options),
  };
  return { body, ttlMs };
}

function hostPort(address: string): { address: string; port: number } {
  try {
    const { host, port } = parseAddress(address);
    return { address: host, port };
  } catch (cause) {
    throw misuse('--address', asIsthmusError(cause).message, 'Use host:port or [ipv6]:port.');
  }
}

function weight(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 1000 && text.trim() !== '') return value;
  throw misuse(
    '--weight',
    `can't be ${JSON.stringify(text)}`,
    'Use a whole number, 0 to 1000; 0 takes nothing.',
  );
}

function labels(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals >= 1) return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    throw misuse('--label', `can't be ${JSON.stringify(pair)}`, 'Use name=value.');
  });
  return Object.fromEntries(entries);
}

/** `grpc=9090/http2`; the gateway judges the name and the protocol. */
function namedPort(text: string): Record<string, unknown> {
  const [, name, port, protocol] = /^([^=]+)=(\d+)(?:\/(.+))?$/.exec(text) ?? [];
  if (name !== undefined) return { name, port: Number(port), ...(protocol && { protocol }) };
  const fix = 'Use name=port, or name=port/protocol: grpc=9090/http2.';
  throw misuse('--port', `can't be ${JSON.stringify(text)}`, fix);
}

/** The check as the options give it; the gateway judges what the command can't. */
function check(options: RegisterOptions): Record<string, unknown> | undefined {
  const { checkHttp: path, checkGrpc, checkTcp, checkHost: host, checkTls: tls } = options;
  const { checkInterval: interval, checkTimeout: timeout, checkService: service } = options;
  duration('--check-interval', interval);
  duration('--check-timeout', timeout);
  const timing = compact({
    interval,
    timeout,
    rise: inARow('--check-rise', options.checkRise),
    fall: inARow('--check-fall', options.checkFall),
  });
  const expect = options.checkExpect?.map((one) => (/^\d+$/.test(one) ? Number(one) : one));
  const version = options.checkHttp2 === true ? 2 : undefined;
  const ofHttp = compact({ expect, version });
  const ofAsking = compact({ host, tls });
  const kinds = Object.entries({
    '--check-http': path !== undefined,
    '--check-grpc': checkGrpc === true,
    '--check-tcp': checkTcp === true,
  }).flatMap(([flag, isGiven]) => (isGiven ? [flag] : []));
  const [kind, other] = kinds;
  if (other !== undefined)
    throw misuse(`${kind}`, `can't be combined with ${other}`, 'Choose one of them.');
  refuseWithout(kind, ['--check-http'], 'expect, http2', ofHttp);
  refuseWithout(kind, ['--check-grpc'], 'service', compact({ service }));
  refuseWithout(kind, ['--check-http', '--check-grpc'], 'host, tls', ofAsking);
  refuseWithout(
    kind,
    ['--check-http', '--check-grpc', '--check-tcp'],
    'interval, timeout, rise, fall',
    timing,
  );
  switch (kind) {
    case '--check-http':
      return { http: { path, ...ofHttp, ...ofAsking }, ...timing };
    case '--check-grpc':
      return { grpc: compact({ service, ...ofAsking }), ...timing };
    case '--check-tcp':
      return { tcp: true, ...timing };
    default:
      return undefined;
  }
}

/** `names` of the flags that `given` came from: `--check-` goes before them. */
function refuseWithout(
  kind: string | undefined,
  kinds: readonly string[],
  names: string,
  given: object,
): void {
  if (Object.keys(given).length === 0 || (kind !== undefined && kinds.includes(kind))) return;
  const flags = names.split(', ').map((name) => `--check-${name}`);
  throw misuse(flags.join(', '), 'need a check', `Add ${kinds.join(' or ')}.`);
}

function inARow(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw misuse(option, `can't be ${JSON.stringify(text)}`, 'Use a whole number, 1 to 100.');
}

function compact<T extends object>(values: T): Partial<T> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}

function duration(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parsed = durationSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues[0]?.message ?? 'is not a duration';
  throw misuse(option, what, 'Write 250ms, 5s, 2m or 1h.');
}

function misuse(option: string, what: string, fix: string): IsthmusError {
  return new IsthmusError('USAGE', { what: `${option}: ${what}`, fix });
}
