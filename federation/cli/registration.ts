/** Owns the way from `isthmus register`'s options to the body that the admin API takes. */
import { parseAddress } from '../../core/address.ts';
import { durationSchema } from '../../core/duration.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';

export interface RegisterOptions {
  readonly address: string;
  readonly zone?: string | undefined;
  readonly weight?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly ttl?: string | undefined;
  readonly deregisterAfter?: string | undefined;
  readonly checkHttp?: string | undefined;
  readonly checkTcp?: boolean | undefined;
  readonly checkInterval?: string | undefined;
  readonly checkTimeout?: string | undefined;
  readonly export?: boolean | undefined;
}

export interface Registration {
  readonly body: Readonly<Record<string, unknown>>;
  readonly ttlMs: number | undefined;
}

/** Throws USAGE naming the option that is wrong. What only the gateway can judge, it judges. */
export function registration(options: RegisterOptions): Registration {
  const ttlMs = duration('--ttl', options.ttl);
  if (options.deregisterAfter !== undefined && ttlMs === undefined) {
    throw misuse('--deregister-after', 'needs --ttl', 'Add --ttl 15s.');
  }
  duration('--deregister-after', options.deregisterAfter);
  const body = {
    ...hostPort(options.address),
    zone: options.zone,
    weight: weight(options.weight),
    labels: options.label === undefined ? undefined : labels(options.label),
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
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw misuse('--weight', `can't be ${JSON.stringify(text)}`, 'Use a whole number, 1 to 1000.');
}

function labels(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals >= 1) return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    throw misuse('--label', `can't be ${JSON.stringify(pair)}`, 'Use name=value.');
  });
  return Object.fromEntries(entries);
}

function check(options: RegisterOptions): Record<string, unknown> | undefined {
  const { checkHttp, checkTcp, checkInterval: interval, checkTimeout: timeout } = options;
  duration('--check-interval', interval);
  duration('--check-timeout', timeout);
  const timing = { interval, timeout };
  if (checkHttp !== undefined && checkTcp === true) {
    throw misuse('--check-http', "can't be combined with --check-tcp", 'Choose one of them.');
  }
  if (checkHttp !== undefined) return { http: { path: checkHttp }, ...timing };
  if (checkTcp === true) return { tcp: true, ...timing };
  if (interval === undefined && timeout === undefined) return undefined;
  throw misuse('--check-interval and --check-timeout', 'need a check', 'Add --check-http PATH.');
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
