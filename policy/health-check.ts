/** Owns what to check of an endpoint and how often, and how that is written in configurations and API bodies. */
import { z } from 'zod';
import { durationTextSchema, msOf } from '../core/duration.ts';
import { isAuthority } from '../core/uri-authority.ts';
import { writtenDuration } from '../core/written-duration.ts';

/** Statuses from `from` to `to`, both included. */
interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export type Probe =
  /** Passes when `GET path` is answered with an expected status. */
  | {
      readonly kind: 'http';
      readonly path: string;
      /** Default 200 to 399. */
      readonly expect: readonly StatusRange[];
      /** `Host` field; default the endpoint's address. */
      readonly host?: string | undefined;
      /** Whether it is asked over TLS. Its certificate is not verified: nothing of worth is sent or believed. */
      readonly tls?: boolean | undefined;
      /** Default 1: HTTP/1.1. 2: HTTP/2, in clear text by prior knowledge. */
      readonly version?: 1 | 2 | undefined;
    }
  /** Passes when `grpc.health.v1.Health/Check` says SERVING. */
  | {
      readonly kind: 'grpc';
      /** The gRPC service whose health is asked for; empty = the whole server's. */
      readonly service: string;
      readonly host?: string | undefined;
      readonly tls?: boolean | undefined;
    }
  /** Passes when a connection is accepted. */
  | { readonly kind: 'tcp' };

export interface Check {
  readonly probe: Probe;
  /** From the start of one check to the start of the next, in milliseconds; default 2000. */
  readonly intervalMs: number;
  /** Most time one check may take, in milliseconds; default 1000. */
  readonly timeoutMs: number;
  /** Passes in a row that make an unhealthy endpoint healthy; default 2. */
  readonly rise: number;
  /** Failures in a row that make it unhealthy; default 2. */
  readonly fall: number;
}

const status = z.int().min(100).max(599);

/** `204`, or `"200-299"`. */
const statusRangeSchema = z.union([
  status,
  z.string().regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, 'use a status, or a range such as 200-299'),
]);

const host = z
  .string()
  .max(260)
  .refine(isAuthority, 'use a host, or host:port')
  .optional()
  .describe('Host that is asked for; default the address of the endpoint');
const tls = z
  .boolean()
  .default(false)
  .describe('Whether it is asked over TLS; the certificate is not verified');

const httpSchema = z.strictObject({
  path: z
    .string()
    .max(2048)
    .regex(/^\/[\x21-\x7e]*$/, 'begin it with / and use no spaces')
    .describe('Path that a GET asks for'),
  expect: z
    .array(statusRangeSchema)
    .min(1)
    .max(16)
    .default(['200-399'])
    .describe('Statuses, such as 204, and ranges of them, such as 200-299, that pass'),
  host,
  tls,
  version: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('1: HTTP/1.1. 2: HTTP/2, in clear text by prior knowledge'),
});

const grpcSchema = z.strictObject({
  service: z
    .string()
    .max(253)
    .default('')
    .describe("gRPC service whose health is asked for; empty is the whole server's"),
  host,
  tls,
});

const inARow = z.int().min(1).max(100);

/** A check as it is written: `{ http: { path: / } }`, `{ grpc: {} }` or `{ tcp: true }`, with the other fields where the defaults don't fit. */
export const writtenCheckSchema = z.strictObject({
  http: httpSchema.optional().describe('Passes when a GET is answered with an expected status'),
  grpc: grpcSchema.optional().describe('Passes when `grpc.health.v1.Health/Check` says SERVING'),
  tcp: z
    .union([z.literal(true), z.strictObject({})])
    .optional()
    .describe('Passes when a connection is accepted'),
  interval: durationTextSchema
    .default('2s')
    .describe('From the start of one check to the start of the next; at least 50ms'),
  timeout: durationTextSchema.default('1s').describe('Most time that one check may take'),
  rise: inARow.default(2).describe('Checks that pass in a row until the endpoint is healthy'),
  fall: inARow.default(2).describe('Checks that fail in a row until the endpoint is unhealthy'),
});

type WrittenCheck = z.output<typeof writtenCheckSchema>;

/** The same, and its fields go together. */
export const wholeCheckSchema = writtenCheckSchema
  .refine(
    ({ http, grpc, tcp }) => [http, grpc, tcp].filter((one) => one !== undefined).length === 1,
    'give one of http, grpc and tcp',
  )
  .refine(
    ({ interval, timeout }) => msOf(interval) >= 50 && msOf(timeout) > 0,
    'the interval is at least 50ms and the timeout over 0',
  );

/** Parses what is written to the check that is meant. */
export const checkSchema = wholeCheckSchema.transform(checkOf);

export function checkOf({ http, grpc, interval, timeout, rise, fall }: WrittenCheck): Check {
  return {
    probe: http ? httpProbe(http) : grpc ? { kind: 'grpc', ...grpc } : { kind: 'tcp' },
    intervalMs: msOf(interval),
    timeoutMs: msOf(timeout),
    rise,
    fall,
  };
}

function httpProbe({ path, expect, host, tls, version }: z.output<typeof httpSchema>): Probe {
  return {
    kind: 'http',
    path,
    expect: expect.map(statusRange),
    host,
    ...(tls && { tls }),
    ...(version === 2 && { version }),
  };
}

function statusRange(written: number | string): StatusRange {
  const [from, to = from] = String(written).split('-').map(Number) as [number, number?];
  return { from, to };
}

/** A check as it could have been written, with every default said: it parses to the same. */
export function writtenCheck({ probe, intervalMs, timeoutMs, rise, fall }: Check): WrittenCheck {
  return {
    ...writtenProbe(probe),
    interval: writtenDuration(intervalMs),
    timeout: writtenDuration(timeoutMs),
    rise,
    fall,
  };
}

function writtenProbe(probe: Probe): Pick<WrittenCheck, 'http' | 'grpc' | 'tcp'> {
  if (probe.kind === 'tcp') return { tcp: true };
  const { host, tls = false } = probe;
  const common = { ...(host !== undefined && { host }), tls };
  if (probe.kind === 'grpc') return { grpc: { service: probe.service, ...common } };
  const { path, expect, version = 1 } = probe;
  const ranges = expect.map(({ from, to }) => (from === to ? from : `${from}-${to}`));
  return { http: { path, expect: ranges, ...common, version } };
}
