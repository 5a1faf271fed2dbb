/** Owns logging: JSON lines through pino, with everything that could be a secret redacted. */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

export type Log = Logger;

const secretFields = [
  'token',
  'secret',
  'password',
  'key',
  'privateKey',
  'authorization',
  'cookie',
];

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
    redact: { paths: secretFields.flatMap((f) => [f, `*.${f}`]), censor: '[redacted]' },
  };
  return pino(settings, options.destination ?? pino.destination({ dest: 2, sync: true }));
}

/** A log that writes nothing; for tests and one-shot commands. */
export const silentLog: Log = pino({ level: 'silent' });
