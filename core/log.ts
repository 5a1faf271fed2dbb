/** Owns logging: JSON lines through pino, with everything that could be a secret redacted. */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { IsthmusError, messageOf } from './errors.ts';

export type Log = Logger;

const secretFields = [
  'token',
  'secret',
  'password',
  'key',
  'keyPem',
  'privateKey',
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
];
/** At the top of a line, in one of its fields, and one deeper, as in `request.headers.cookie`. */
const secretPaths = ['', '*', '*.*'].flatMap((at) =>
  secretFields.map((name) => `${at}["${name}"]`),
);

export interface LogOptions {
  /** pino level; default `info`. */
  readonly level?: string;
  /** Where lines go; default standard error, so that standard output stays for data. */
  readonly destination?: DestinationStream;
  /** Fields every line carries, such as the cluster and gateway. */
  readonly fields?: Record<string, string>;
}

export function createLog(options: LogOptions = {}): Log {
  const settings: LoggerOptions = {
    level: options.level ?? 'info',
    base: options.fields ?? {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: secretPaths, censor: '[redacted]' },
  };
  return pino(settings, options.destination ?? pino.destination({ dest: 2, sync: true }));
}

/** A refusal says all it has to in its own words; only what nobody foresaw needs a stack. */
function describeError(thrown: unknown): unknown {
  if (!(thrown instanceof IsthmusError) || thrown.code === 'INTERNAL') {
    return thrown instanceof Error ? pino.stdSerializers.err(thrown) : thrown;
  }
  const { code, message, where, fix, cause } = thrown;
  return { code, message, where, fix, ...(cause === undefined ? {} : { cause: messageOf(cause) }) };
}

/** A log that writes nothing; for tests and one-shot commands. */
export const silentLog: Log = pino({ level: 'silent' });
