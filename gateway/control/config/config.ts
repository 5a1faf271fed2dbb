/** Owns the gateway's YAML configuration: its shape, its defaults, and reading it with faults placed at file:line:column. */

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readCidr } from '../../../core/cidr.ts';
import { durationSchema } from '../../../core/duration.ts';
import type { Environment } from '../../../core/environment-values.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import { logLevels } from '../../../core/log-levels.ts';
import { parseYaml } from '../../../core/yaml-file.ts';
import { balancePolicySchema, timeoutsSchema } from '../../../policy/traffic-schema.ts';
import {
  addressSchema,
  clusterNameSchema,
  federationNameSchema,
  labelSchema,
  networkSchema,
} from '../../../registry/model.ts';
import { defaultLimits } from '../../data/request/limit.ts';
import { adminAddressSchema, advertisedListSchema } from './addresses.ts';
import { adminSchema, assertProtected } from './admin.ts';
import { auditSchema } from './audit.ts';
import { caSchema } from './ca.ts';
import { checkEdge, ingressListSchema, tcpListSchema } from './edge.ts';
import { historySchema } from './history.ts';
import { refuseTwice } from './lists.ts';
import { checkProxyProtocol } from './proxy-protocol.ts';
import { quotasSchema } from './quotas.ts';
import { registrySchema } from './registry.ts';
import { serviceListSchema } from './service.ts';
import { checkForeignTrust, trustSchema } from './trust.ts';

const mostWarmUpMs = 1_000;
const mostWorkers = 64;

export const configSchema = z.strictObject({
  cluster: clusterNameSchema,
  federation: federationNameSchema,
  region: z.string().min(1).max(63),
  zone: labelSchema.default('default'),
  /** Name of the network, a VPC for instance, within which this gateway's private addresses are reached. Default: the region. */
  network: networkSchema.optional(),
  /** Requests per second this cluster can take, from everybody together; drills hold load against it. Default: not stated. */
  capacity: z.number().positive().optional(),
  /** Id of this gateway within its cluster. */
  gateway: labelSchema.default('gateway-1'),
  /** Folder for keys, membership and caches, relative to this file. */
  data: z.string().min(1).default('./data'),
  listen: z
    .strictObject({
      outbound: addressSchema.default('127.0.0.1:7080'),
      /** Whether connections to `outbound` begin with a PROXY protocol header, which then only `trustedProxies` may send. */
      outboundProxyProtocol: z.boolean().default(false),
      eastWest: addressSchema.default('0.0.0.0:7443'),
      /** Whether connections to `eastWest` begin with one, likewise. */
      eastWestProxyProtocol: z.boolean().default(false),
      federation: addressSchema.default('0.0.0.0:7444'),
      admin: adminAddressSchema.default('127.0.0.1:7001'),
    })
    .prefault({}),
  /** The address that other clusters dial; default the one listened on. */
  advertise: z
    .strictObject({
      eastWest: advertisedListSchema.optional(),
      federation: advertisedListSchema.optional(),
    })
    .prefault({}),
  registry: registrySchema.optional(),
  /** The enterprise's authority under which roots of this cluster are made; its key is kept nowhere else. Default: none, each root signs itself. */
  ca: caSchema.optional(),
  /** How much there may be of one cluster, so that a flood of one leaves room for the others. */
  quotas: quotasSchema.prefault({}),
  /** Whether this gateway is ready while it is in no federation. */
  standalone: z.boolean().default(true),
  /** Ports whose connections go to a service as they are. */
  tcp: tcpListSchema,
  /** Ports for TLS from outside: ended here, or passed on by the server's name. */
  ingress: ingressListSchema,
  services: serviceListSchema,
  /** Trust between this federation and others: the bundle that is given to them, and those that are taken from them. */
  trust: trustSchema.prefault({}),
  /** Who may use the admin API, and how it proves itself; needed where it listens on a network. */
  admin: adminSchema.prefault({}),
  /** How long it is known who changed what, and who else is told. */
  audit: auditSchema.prefault({}),
  /** How long it is known what this cluster believed. */
  history: historySchema.prefault({}),
  /** Addresses of load balancers before this gateway, and ranges of them: what they say of their clients is believed. */
  trustedProxies: z
    .array(
      z
        .string()
        .refine(
          (text) => readCidr(text) !== undefined,
          'use an address, or a range such as 10.0.0.0/8',
        ),
    )
    .superRefine(refuseTwice('', (range) => range))
    .default([]),
  /** By which fields they say it; the others are as dropped as anybody's. */
  trustedFields: z.enum(['x-forwarded', 'forwarded']).default('x-forwarded'),
  /** Defaults of all services. */
  balance: balancePolicySchema.prefault({}),
  timeouts: timeoutsSchema.prefault({}),
  limits: z
    .strictObject({
      /** Bytes of a request body; 0 = no limit. */
      maxBodyBytes: z.int().min(0).default(defaultLimits.maxBodyBytes),
      /** Bytes of a request's head. */
      maxHeadBytes: z.int().min(1024).max(1_048_576).default(defaultLimits.maxHeadBytes),
      /** Bytes of a response's head. */
      maxResponseHeadBytes: z
        .int()
        .min(1024)
        .max(1_048_576)
        .default(defaultLimits.maxResponseHeadBytes),
      /** Fields of a response. */
      maxResponseFields: z.int().min(16).max(4096).default(defaultLimits.maxResponseFields),
      /** How long a client may take to send a request's head. */
      head: durationSchema.default(defaultLimits.headMs),
      /** Time in which 16 KiB more of a request body of announced length must come; 0 = none. */
      body: durationSchema.default(defaultLimits.bodyMs),
      /** How long a client's connection may rest between requests. */
      keepAlive: durationSchema.default(defaultLimits.keepAliveMs),
      /** Whether a client that closes its side of an HTTP/1.1 connection cancels its request. */
      cancelHalfClosed: z.boolean().default(defaultLimits.cancelHalfClosed),
      /** Whether a path may hold `%2F`, which services read in two ways. */
      encodedSlashes: z.enum(['refuse', 'keep']).default(defaultLimits.encodedSlashes),
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
  /** CPU time that each may take to warm up before it takes requests; 0 = none. */
  warmUp: durationSchema
    .refine((ms) => ms <= mostWarmUpMs, 'use at most 1s: nobody is served meanwhile')
    .default(300),
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
      /** The share of requests that have a line on standard output: none, all, or a number. */
      access: z
        .union([z.enum(['off', 'all']), z.number().min(0).max(1)])
        .default('off')
        .transform((text) => (text === 'off' ? 0 : text === 'all' ? 1 : text)),
    })
    .prefault({}),
  /** How the other clusters are looked at from here, for metrics and for whoever looks at the matrix. */
  verify: z
    .strictObject({
      /** Time between two looks; 0 = none but those that are asked for. */
      every: durationSchema
        .refine((ms) => ms === 0 || ms >= 1_000, 'use 0s, or at least 1s')
        .default(60_000),
    })
    .prefault({}),
  /** Real requests that are remembered for ten minutes, to be asked what other policies would make of them. */
  sampling: z
    .strictObject({
      /** How many of each service and minute, in each worker, drawn evenly; 0 = none. */
      perMinute: z.int().min(0).max(100).default(20),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      /** Most callers of each service that each worker counts by their names, further ones together; 0 = none. */
      principalsPerService: z.int().min(0).max(1000).default(64),
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

/** The schema with the checks that take several keys. */
const checkedSchema = configSchema
  .superRefine(checkEdge)
  .superRefine(checkProxyProtocol)
  .superRefine(checkForeignTrust);

export type GatewayConfig = z.output<typeof configSchema> & {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  /** Absolute folder that relative paths are relative to. */
  readonly baseDir: string;
};

/** Reads and validates a configuration file. Throws FILE_UNREADABLE, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_INVALID or ADMIN_EXPOSED. */
export async function loadConfig(path: string): Promise<GatewayConfig> {
  return parseConfig(await readConfig(path), path, process.env);
}

/** The text of a configuration file. Throws FILE_UNREADABLE. */
export async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', {
      what: `The configuration can't be read: ${messageOf(cause)}`,
      where: path,
      cause,
    });
  }
}

/** `environment` is what `${VAR}` stands for. Throws as `loadConfig` does. */
export function parseConfig(
  text: string,
  path: string,
  environment: Environment = {},
): GatewayConfig {
  const config = parseYaml(checkedSchema, text, path, environment);
  assertProtected(config.listen.admin, config.admin, `${path} listen.admin`);
  const baseDir = dirname(resolve(path));
  return { ...config, baseDir, dataDir: resolve(baseDir, config.data) };
}
