/** Owns the lines of the access log: JSON, one for each request, with the decision that was made on it. */
import { type DestinationStream, pino } from 'pino';

export interface AccessRecord {
  /** The service asked for; absent where the request named none. */
  readonly service?: string | undefined;
  /** The cluster whose client, or whose gateway, asked. */
  readonly source: string;
  /** The caller's name by its verified certificate, without `spiffe://`; absent where it has none. */
  readonly principal?: string | undefined;
  readonly client: string;
  /** These are absent where no request could be read. */
  readonly method?: string | undefined;
  /** Without its query, which may hold secrets. */
  readonly path?: string | undefined;
  readonly protocol: string;
  /** Status of the response; absent where none was sent. */
  readonly status?: number | undefined;
  /** The gRPC status that the gateway answered with in place of the service: the status of HTTP is 200 then. */
  readonly grpcStatus?: number | undefined;
  /** Why the gateway answered itself, or why the answer broke off. */
  readonly code?: string | undefined;
  /** The cluster that answered. */
  readonly cluster?: string | undefined;
  readonly tier?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly tries: number;
  /** To the response's head, and to its end. */
  readonly headMs?: number | undefined;
  readonly ms: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
}

/** Writes records as lines; `fields` are on each. */
export function accessLog(
  fields: Readonly<Record<string, string>>,
  write: (line: string) => void,
): (record: AccessRecord) => void {
  const destination: DestinationStream = { write };
  const log = pino(
    {
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return (record) => log.info(record, 'request');
}
