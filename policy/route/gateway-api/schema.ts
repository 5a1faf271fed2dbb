/** Owns the specs of the Gateway API's HTTPRoute and GRPCRoute, version 1.5, as far as they can be taken: what must not be passed over is refused. */
import { z } from 'zod';
import { durationSchema } from '../../../core/duration.ts';
import { hostnameSchema } from '../backend-schema.ts';
import { fieldChangesSchema } from '../changeable-fields.ts';
import {
  corsSchema,
  filterTypes,
  mirrorShare,
  redirectSchema,
  rewriteSchema,
} from '../filter-schema.ts';
import { grpcMatch, headerMatchSchema, httpMatchSchema } from '../match-schema.ts';

const name = z.string().min(1).max(253);
const port = z.int().min(1).max(65_535);

const parentRef = z.strictObject({
  group: z.string().max(253).optional(),
  kind: z
    .enum(['Gateway', 'Service'], { error: 'only a Gateway or a Service can be a parent here' })
    .default('Gateway'),
  namespace: name.optional(),
  name,
  sectionName: name.optional(),
  port: port.optional(),
});

const objectRef = {
  group: z.string().max(253).optional(),
  kind: z
    .enum(['Service', 'ServiceImport'], { error: 'only a Service can be a backend here' })
    .default('Service'),
  namespace: name.optional(),
  name,
  port: port.optional(),
};

const filter = z.strictObject({
  type: z.enum(filterTypes, {
    error: `use ${filterTypes.join(', ')}: a filter of another type can't be honoured, and must not be passed over`,
  }),
  requestHeaderModifier: fieldChangesSchema.optional(),
  responseHeaderModifier: fieldChangesSchema.optional(),
  requestMirror: z
    .strictObject({ backendRef: z.strictObject(objectRef), ...mirrorShare })
    .optional(),
  requestRedirect: redirectSchema.optional(),
  urlRewrite: rewriteSchema.optional(),
  cors: corsSchema.optional(),
});

export type ForeignFilter = z.output<typeof filter>;

const filters = z.array(filter).max(16).default([]);

const backendRef = z.strictObject({
  ...objectRef,
  weight: z.int().min(0).max(1_000_000).default(1),
  filters,
});

/** GEP-2257: `1h30m`, with units in any order. */
const duration = z
  .string()
  .regex(/^(\d{1,5}(h|m|s|ms)){1,4}$/, 'write a duration such as 250ms, 5s or 1m30s')
  .transform((text) =>
    [...text.matchAll(/\d+(?:ms|h|m|s)/g)].reduce(
      (sum, [part]) => sum + durationSchema.parse(part),
      0,
    ),
  );

const common = {
  name: name.optional(),
  filters,
  backendRefs: z.array(backendRef).max(16).default([]),
  sessionPersistence: z
    .strictObject({
      sessionName: z.string().min(1).max(128).optional(),
      absoluteTimeout: duration.optional(),
      idleTimeout: duration.optional(),
      type: z.enum(['Cookie', 'Header']).optional(),
      cookieConfig: z
        .strictObject({ lifetimeType: z.enum(['Session', 'Permanent']).optional() })
        .optional(),
    })
    .optional(),
};

const ofRoute = {
  parentRefs: z.array(parentRef).max(32).default([]),
  useDefaultGateways: z.enum(['All', 'None']).optional(),
  hostnames: z.array(hostnameSchema).max(16).default([]),
};

export const httpRouteSchema = z.strictObject({
  ...ofRoute,
  rules: z
    .array(
      z.strictObject({
        ...common,
        matches: z.array(httpMatchSchema).max(64).default([]),
        timeouts: z
          .strictObject({ request: duration.optional(), backendRequest: duration.optional() })
          .optional(),
        retry: z
          .strictObject({
            codes: z.array(z.int().min(400).max(599)).max(16).optional(),
            attempts: z.int().min(0).max(9, 'at most 9 here').optional(),
            backoff: duration.optional(),
          })
          .optional(),
      }),
    )
    .max(16)
    .default([{ matches: [], filters: [], backendRefs: [] }]),
});

export const grpcRouteSchema = z.strictObject({
  ...ofRoute,
  rules: z
    .array(
      z.strictObject({
        ...common,
        matches: z
          .array(
            z.strictObject({
              method: grpcMatch.optional(),
              headers: z.array(headerMatchSchema).max(16).default([]),
            }),
          )
          .max(64)
          .default([]),
      }),
    )
    .max(16)
    .default([{ matches: [], filters: [], backendRefs: [] }]),
});

export type HttpRoute = z.output<typeof httpRouteSchema>;
export type GrpcRoute = z.output<typeof grpcRouteSchema>;
