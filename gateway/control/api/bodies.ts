/** Owns the bodies and queries the admin API takes, and parsing them into values that are valid by construction. */
import { z } from 'zod';
import { durationSchema } from '../../../core/duration.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { type ClusterName, parseClusterName } from '../../../core/names.ts';
import { checkSchema } from '../../../policy/health-check.ts';
import {
  clusterNameSchema,
  hostSchema,
  labelSchema,
  protocols,
  serviceNameSchema,
} from '../../../registry/model.ts';
import { writtenPortsSchema } from '../../../registry/ports.ts';
import type { Scale } from '../../data/balance/scaled.ts';

/** An endpoint's fields, beside its name. */
export const endpointShape = {
  address: hostSchema.describe('IP address or DNS name where the gateway reaches it'),
  port: z.int().min(1).max(65_535).describe('Port where the gateway reaches it'),
  zone: labelSchema.optional().describe("Zone it is in; default the gateway's own"),
  weight: z
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .describe('Share of the requests relative to its siblings; 0 takes none'),
  labels: z
    .record(z.string().max(63), z.string().max(255))
    .default({})
    .describe('Labels that tell it from others'),
  protocol: z
    .enum(protocols)
    .optional()
    .describe('Protocol that it speaks; default that of its service, else http'),
  ports: writtenPortsSchema
    .optional()
    .describe('Its ports with a name, beside `port`; default those of its service, else none'),
  exported: z.boolean().default(true).describe('Whether other clusters may use it'),
  check: checkSchema.optional().describe('How its health is checked; default as its service says'),
  ttl: durationSchema
    .refine((ms) => ms > 0, 'a ttl is over 0')
    .optional()
    .describe('Without a heartbeat for this long it is unhealthy; default it needs none'),
  deregisterAfter: durationSchema
    .optional()
    .describe('Without a heartbeat for this long it is deregistered; needs `ttl`'),
};

interface Beating {
  readonly ttl?: number | undefined;
  readonly deregisterAfter?: number | undefined;
}

const hasTtl = ({ ttl, deregisterAfter }: Beating) =>
  deregisterAfter === undefined || (ttl !== undefined && deregisterAfter >= ttl);
const needsTtl = {
  path: ['deregisterAfter'],
  message: 'deregisterAfter needs a ttl, and is at least as long',
};

/** PUT /v1/services/{namespace}/{service}/endpoints/{id} */
export const endpointBodySchema = z.strictObject(endpointShape).refine(hasTtl, needsTtl);
export type EndpointBody = z.output<typeof endpointBodySchema>;

export const endpointNameShape = { service: serviceNameSchema, id: labelSchema };
const many = 10_000;

/** POST /v1/endpoints */
export const endpointsBodySchema = z.strictObject({
  register: z
    .array(z.strictObject({ ...endpointNameShape, ...endpointShape }).refine(hasTtl, needsTtl))
    .max(many)
    .default([]),
  heartbeat: z.array(z.strictObject(endpointNameShape)).max(many).default([]),
  deregister: z.array(z.strictObject(endpointNameShape)).max(many).default([]),
});

/** POST /v1/tokens */
export const tokenBodySchema = z.strictObject({
  ttl: durationSchema
    .refine((ms) => ms >= 1000, 'a token is valid for 1s to 24h')
    .optional()
    .describe('How long it is valid, from 1s to 24h; default 15m'),
  admits: z
    .enum(['cluster', 'gateway'])
    .default('cluster')
    .describe('What may join with it: a cluster the federation, or a gateway this cluster'),
  replaces: clusterNameSchema
    .optional()
    .describe(
      'A member that lost its authority, with all its gateways, in whose place another of its name may join; default nobody',
    ),
});

/** POST /v1/federation/join */
export const joinBodySchema = z.strictObject({
  token: z.string().min(1).max(4096),
  dryRun: z.boolean().default(false),
});

/** POST /v1/federation/leave */
export const leaveBodySchema = z.strictObject({
  /** Another cluster to make leave; default: this one. */
  cluster: clusterNameSchema.optional(),
  force: z.boolean().default(false),
  /** This cluster's other gateways that live: all of them leave, and must be named. */
  gateways: z.array(labelSchema).max(64).default([]),
});

export const serviceQuery = {
  service: serviceNameSchema.optional().describe('Only those of this service'),
};
export const clusterQuery = {
  cluster: clusterNameSchema.optional().describe('Only those of this cluster'),
};

/** GET /v1/explain/{service} */
export const explainQuerySchema = z.strictObject({
  from: z.string().max(127).optional().describe('CLUSTER or CLUSTER/ZONE; default this gateway'),
  without: z.string().max(1024).optional().describe('Comma-separated clusters to imagine lost'),
  scale: z
    .string()
    .max(1024)
    .optional()
    .describe(
      'Comma-separated clusters to imagine with a part of their healthy copies, 0 to 1: `dc2:0.5`',
    ),
});

/** The clusters a comma-separated list names. Throws NAME_INVALID. */
export function excludedClusters(without: string | undefined): ReadonlySet<ClusterName> {
  const names = without?.split(',').filter((part) => part !== '') ?? [];
  return new Set(names.map(parseClusterName));
}

/** What is left of clusters by a comma-separated list. Throws NAME_INVALID or QUERY_INVALID. */
export function scaledClusters(text: string | undefined): Scale {
  const parts = text?.split(',').filter((part) => part !== '') ?? [];
  return new Map(
    parts.map((part) => {
      const [name = '', said = ''] = part.split(':');
      const left = Number(said);
      if (said === '' || !(left >= 0 && left <= 1)) {
        throw new IsthmusError('QUERY_INVALID', {
          what: `${JSON.stringify(part)} says no part of a cluster's copies`,
          where: 'scale',
          fix: 'Write it as CLUSTER:PART, with a part of 0 to 1: dc2:0.5.',
        });
      }
      return [parseClusterName(name), left] as const;
    }),
  );
}

/** Parses outside input. Throws `code` naming the first wrong field. */
export function parseInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  code: 'BODY_INVALID' | 'QUERY_INVALID' | 'NAME_INVALID',
): z.output<S> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new IsthmusError(code, {
    what: issue?.message ?? 'It is not of the expected shape',
    where: path === '' ? undefined : path,
  });
}
