/** Owns the gateway's YAML configuration: its shape, its defaults, and reading it with faults placed at file:line:column. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import { logLevels } from '../../core/log.ts';
import { parseYaml } from '../../core/yaml-file.ts';
import {
  addressSchema,
  clusterNameSchema,
  federationNameSchema,
  labelSchema,
} from '../../registry/model.ts';
import { adminSchema, assertProtected } from '../admin/access/config.ts';
import { balancePolicySchema } from '../balance/policy.ts';
import { defaultLimits } from '../proxy/limit.ts';
import { dialedAddressSchema } from './addresses.ts';
import { checkEdge, ingressListSchema, tcpListSchema } from './edge.ts';
import { registrySchema } from './registry.ts';
import { serviceListSchema, timeoutsSchema } from './service.ts';

const mostWorkers = 64;

const adminAddressSchema = z.union([
  addressSchema,
  z.string().regex(/^unix:\/./, 'use host:port or unix:/path'),
]);

export const configSchema = z.strictObject({
  cluster: clusterNameSchema,
  federation: federationNameSchema,
  region: z.string().min(1).max(63),
  zone: labelSchema.default('default'),
  /** Requests per second this cluster can take, from everybody together; drills hold load against it. Default: not stated. */
  capacity: z.number().positive().optional(),
  /** Id of this gateway within its cluster. */
  gateway: labelSchema.default('gateway-1'),
  /** Folder for keys, membership and caches, relative to this file. */
  data: z.string().min(1).default('./data'),
  listen: z
    .strictObject({
      outbound: addressSchema.default('127.0.0.1:7080'),
      eastWest: addressSchema.default('0.0.0.0:7443'),
      federation: addressSchema.default('0.0.0.0:7444'),
      admin: adminAddressSchema.default('127.0.0.1:7001'),
    })
    .prefault({}),
  /** What other clusters dial; default what is listened on. */
  advertise: z
    .strictObject({
      eastWest: z.array(dialedAddressSchema).min(1).optional(),
      federation: z.array(dialedAddressSchema).min(1).optional(),
    })
    .prefault({}),
  registry: registrySchema.optional(),
  /** Ports whose connections go to a service as they are. */
  tcp: tcpListSchema,
  /** Ports for TLS from outside: ended here, or passed on by the server's name. */
  ingress: ingressListSchema,
  services: serviceListSchema,
  /** Who may use the admin API, and how it proves itself; needed where it listens on a network. */
  admin: adminSchema.prefault({}),
  /** Defaults of all services. */
  balance: balancePolicySchema.prefault({}),
  timeouts: timeoutsSchema.prefault({}),
  limits: z
    .strictObject({
      /** Bytes of a request body; 0 = no limit. */
      maxBodyBytes: z.int().min(0).default(defaultLimits.maxBodyBytes),
      /** Bytes of a request's head. */
      maxHeadBytes: z.int().min(1024).max(1_048_576).default(defaultLimits.maxHeadBytes),
      /** How long a client may take to send a request's head. */
      head: durationSchema.default(defaultLimits.headMs),
      /** Time in which 16 KiB more of a request body of announced length must come; 0 = none. */
      body: durationSchema.default(defaultLimits.bodyMs),
      /** How long a client's connection may rest between requests. */
      keepAlive: durationSchema.default(defaultLimits.keepAliveMs),
      /** Connections of clients at a time; divided evenly over the workers. */
      maxConnections: z.int().min(1).default(defaultLimits.maxConnections),
    })
    .prefault({}),
  /** Threads that carry traffic. Default: as many as this process may use cores. */
  workers: z
    .int()
    .min(1)
    .max(mostWorkers)
    .default(() => Math.min(mostWorkers, availableParallelism())),
  /** When a worker refuses new requests rather than be late with all of them. */
  overload: z
    .strictObject({
      /** 99th percentile of its event loop's lag; 0 = whatever it is. */
      lag: durationSchema.default(100),
      /** Percent of its heap's limit; 100 = whatever it is. */
      heap: z.int().min(50).max(100).default(95),
    })
    .prefault({}),
  /** Whether responses name the cluster and endpoint that served them. */
  exposeDecision: z.boolean().default(true),
  /** How long SIGTERM waits for what is in flight. */
  drainTimeout: durationSchema.default(30_000),
  log: z
    .strictObject({
      level: z.enum(logLevels).default('info'),
      /** Which requests have a line on standard output: none, all, or that share of them. */
      access: z
        .union([z.enum(['off', 'all']), z.number().min(0).max(1)])
        .default('off')
        .transform((text) => (text === 'off' ? 0 : text === 'all' ? 1 : text)),
    })
    .prefault({}),
  /** Spans, sent to a collector. Default: none; trace context passes untouched. */
  tracing: z
    .strictObject({
      /** OTLP over HTTP, such as `http://collector:4318/v1/traces`. */
      endpoint: z.url({ protocol: /^https?$/ }),
      /** Share of the traces beginning here that are recorded; one that came with a decision keeps it. */
      ratio: z.number().min(0).max(1).default(0.01),
      /** Fields sent with every export; secret ones from files, whose white space at the ends is left out. */
      headers: z
        .record(
          z.string().regex(/^[\w-]+$/),
          z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })]),
        )
        .default({}),
    })
    .optional(),
});

/** What is wrong only in the sight of several keys. */
const checkedSchema = configSchema.superRefine(checkEdge);

export type GatewayConfig = z.output<typeof configSchema> & {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  /** Absolute folder that relative paths are relative to. */
  readonly baseDir: string;
};

/** Reads and validates a configuration file. Throws FILE_UNREADABLE, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_INVALID or ADMIN_EXPOSED. */
export async function loadConfig(path: string): Promise<GatewayConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', {
      what: `The configuration can't be read: ${messageOf(cause)}`,
      where: path,
      cause,
    });
  }
  return parseConfig(text, path);
}

export function parseConfig(text: string, path: string): GatewayConfig {
  const config = parseYaml(checkedSchema, text, path);
  assertProtected(config.listen.admin, config.admin, `${path} listen.admin`);
  const baseDir = dirname(resolve(path));
  return { ...config, baseDir, dataDir: resolve(baseDir, config.data) };
}
