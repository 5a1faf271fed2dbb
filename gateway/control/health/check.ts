/** Owns what to check of an endpoint and how often, and how that is written in configurations and API bodies. */
import { z } from 'zod';
import { durationSchema } from '../../../core/duration.ts';
import { isAuthority } from '../../../core/uri-authority.ts';
import type { RiseFall } from './rise-fall.ts';

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

export interface Check extends RiseFall {
  readonly probe: Probe;
  /** From the start of one check to the start of the next, in milliseconds; default 2000. */
  readonly intervalMs: number;
  /** Most time one check may take, in milliseconds; default 1000. */
  readonly timeoutMs: number;
}

const defaultExpect: readonly StatusRange[] = [{ from: 200, to: 399 }];

const defaultIntervalMs = 2_000;
const defaultTimeoutMs = 1_000;

const status = z.int().min(100).max(599);

/** `204`, or `"200-299"`. */
const statusRangeSchema = z.union([
  status.transform((code): StatusRange => ({ from: code, to: code })),
  z
    .string()
    .regex(/^[1-5]\d\d-[1-5]\d\d$/, 'use a status, or a range such as 200-299')
    .transform((text): StatusRange => ({ from: +text.slice(0, 3), to: +text.slice(4) })),
]);

const hostSchema = z.string().max(260).refine(isAuthority, 'use a host, or host:port').optional();

const httpSchema = z.strictObject({
  path: z
    .string()
    .max(2048)
    .regex(/^\/[\x21-\x7e]*$/, 'begin it with / and use no spaces'),
  expect: z.array(statusRangeSchema).min(1).max(16).optional(),
  host: hostSchema,
  tls: z.boolean().default(false),
  version: z.union([z.literal(1), z.literal(2)]).default(1),
});

const grpcSchema = z.strictObject({
  service: z.string().max(253).default(''),
  host: hostSchema,
  tls: z.boolean().default(false),
});

const inARow = z.int().min(1).max(100);

/** `{ http: { path: / } }`, `{ grpc: {} }` or `{ tcp: true }`, with `interval`, `timeout`, `rise` and `fall` where the defaults don't fit. */
export const checkSchema = z
  .strictObject({
    http: httpSchema.optional(),
    grpc: grpcSchema.optional(),
    tcp: z.union([z.literal(true), z.strictObject({})]).optional(),
    interval: durationSchema.optional(),
    timeout: durationSchema.optional(),
    rise: inARow.default(2),
    fall: inARow.default(2),
  })
  .refine(
    ({ http, grpc, tcp }) => [http, grpc, tcp].filter((one) => one !== undefined).length === 1,
    'give one of http, grpc and tcp',
  )
  .refine(
    ({ interval = defaultIntervalMs, timeout = defaultTimeoutMs }) => interval >= 50 && timeout > 0,
    'the interval is at least 50ms and the timeout over 0',
  )
  .transform(
    ({ http, grpc, interval, timeout, rise, fall }): Check => ({
      probe: http ? httpProbe(http) : grpc ? { kind: 'grpc', ...grpc } : { kind: 'tcp' },
      intervalMs: interval ?? defaultIntervalMs,
      timeoutMs: timeout ?? defaultTimeoutMs,
      rise,
      fall,
    }),
  );

function httpProbe({ path, expect, host, tls, version }: z.output<typeof httpSchema>): Probe {
  return {
    kind: 'http',
    path,
    expect: expect ?? defaultExpect,
    host,
    ...(tls && { tls }),
    ...(version === 2 && { version }),
  };
}
