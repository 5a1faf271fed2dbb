/** Owns the gateway's YAML configuration: its shape, its defaults, and reading it with faults placed at file:line:column. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import { logLevels } from '../../core/log.ts';
import { type ServiceName, serviceName } from '../../core/names.ts';
import { parseYaml } from '../../core/yaml-file.ts';
import {
  addressSchema,
  clusterNameSchema,
  federationNameSchema,
  labelSchema,
  protocols,
} from '../../registry/model.ts';
import { adminSchema, assertProtected } from '../admin/access/config.ts';
import { balancePolicySchema } from '../balance/policy.ts';
import type { BalancePolicy } from '../balance/types.ts';
import type { Registration } from '../catalog/catalog.ts';
import { checkSchema } from '../health/check.ts';
import { defaultLimits } from '../proxy/limit.ts';
import { defaultTimeouts } from '../proxy/route.ts';
import { checkEdge, ingressListSchema, tcpListSchema } from './edge.ts';
import { refuseTwice } from './lists.ts';

const timeoutsSchema = z.strictObject({
  /** From the request's arrival to the response's head, retries included. Default 30s. */
  request: durationSchema.default(defaultTimeouts.requestMs),
  /** To an endpoint or gateway. Default 1s. */
  connect: durationSchema.default(defaultTimeouts.connectMs),
  /** Of one try, to the response's head; 0 = only the request timeout. Default 0. */
  perTry: durationSchema.default(defaultTimeouts.perTryMs),
  /** Without a byte in either direction. Default 5m. */
  idle: durationSchema.default(defaultTimeouts.idleMs),
});

/** An address that others dial: there is no port 0 to dial. */
const dialedAddressSchema = addressSchema.refine(
  (text) => !/:0+$/.test(text),
  'port 0 can not be dialed',
);

const mostWorkers = 64;

const endpointSchema = z.strictObject({
  id: labelSchema,
  /** host:port */
  address: dialedAddressSchema,
  zone: labelSchema.optional(),
  weight: z.int().min(1).max(1000).default(1),
  labels: z.record(z.string().max(63), z.string().max(255)).default({}),
});

const serviceSchema = z.strictObject({
  name: labelSchema,
  namespace: labelSchema,
  /** Whether other clusters may use it. Default true. */
  exported: z.boolean().default(true),
  protocol: z.enum(protocols).default('http'),
  check: checkSchema.optional(),
  endpoints: z
    .array(endpointSchema)
    .superRefine(refuseTwice('id', ({ id }) => id))
    .default([]),
  balance: balancePolicySchema.optional(),
  timeouts: timeoutsSchema.optional(),
});

const etcdSchema = z
  .strictObject({
    endpoints: z
      .array(z.string().regex(/^https?:\/\/[^\s/]+$/, 'use http://host:port or https://host:port'))
      .min(1),
    /** PEM files: the authority of etcd's certificate, and this cluster's client certificate. */
    ca: z.string().optional(),
    cert: z.string().optional(),
    key: z.string().optional(),
    serverName: z.string().optional(),
    username: z.string().optional(),
    passwordFile: z.string().optional(),
    /** Set on the first cluster of a federation only: others join with a token. */
    found: z.boolean().default(false),
  })
  .refine(
    ({ cert, key }) => (cert === undefined) === (key === undefined),
    'give both cert and key, or neither',
  )
  .refine(
    ({ ca, cert, serverName }) =>
      ca !== undefined || (cert === undefined && serverName === undefined),
    'cert, key and serverName need a ca',
  )
  .refine(
    ({ username, passwordFile }) => (username === undefined) === (passwordFile === undefined),
    'give both username and passwordFile, or neither',
  );

const embeddedSchema = z.strictObject({
  /** Where the embedded registry listens, with mTLS. */
  listen: addressSchema,
  /** Where other clusters reach it; default `listen`. */
  advertise: dialedAddressSchema.optional(),
});

const registrySchema = z
  .strictObject({ embedded: embeddedSchema.optional(), etcd: etcdSchema.optional() })
  .transform(({ embedded, etcd }, context) => {
    if (embedded && !etcd) return { embedded };
    if (etcd && !embedded) return { etcd };
    context.addIssue({ code: 'custom', message: 'give either embedded or etcd' });
    return z.NEVER;
  });

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
  services: z
    .array(serviceSchema)
    .superRefine(refuseTwice('name', ({ name, namespace }) => `${name}.${namespace}`))
    .default([]),
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
export type ServiceConfig = GatewayConfig['services'][number];
export type EtcdConfig = z.output<typeof etcdSchema>;

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

/** The endpoints the configuration names. */
export function configuredEndpoints(config: GatewayConfig): Registration[] {
  return config.services.flatMap((service) =>
    service.endpoints.map((endpoint): Registration => {
      const colon = endpoint.address.lastIndexOf(':');
      return {
        service: serviceName(service.namespace, service.name),
        id: endpoint.id,
        address: endpoint.address.slice(0, colon).replace(/^\[|\]$/g, ''),
        port: Number(endpoint.address.slice(colon + 1)),
        zone: endpoint.zone ?? config.zone,
        weight: endpoint.weight,
        labels: endpoint.labels,
        protocol: service.protocol,
        exported: service.exported,
        source: 'config',
        check: service.check,
      };
    }),
  );
}

/** The balancing policy of a service: its own where it has one, else the gateway's. */
export function policyOf(config: GatewayConfig, service: ServiceName): BalancePolicy {
  return serviceConfig(config, service)?.balance ?? config.balance;
}

function serviceConfig(config: GatewayConfig, service: ServiceName): ServiceConfig | undefined {
  return config.services.find(({ name, namespace }) => service === `${name}.${namespace}`);
}
