/** Owns the shapes of a question about a request that nobody has sent, and of its answer. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { askedNameSchema, clusterNameSchema } from '../../../../registry/model.ts';
import { outcomes } from '../../../data/explain/decision.ts';
import { life } from '../../../data/request/life.ts';
import { decider } from './decider.ts';
import { explanationSchema } from './explanation.ts';
import { list, named, object } from './shape.ts';

const mostFields = 100;

export const askedRequestSchema = z.strictObject({
  service: askedNameSchema
    .optional()
    .describe(
      'The service that is asked for by its own host, at `/`, or a port of it, `grpc.orders.shop`; or say `url`',
    ),
  url: z
    .string()
    .max(8192)
    .optional()
    .describe(
      'What is asked for: http://HOST/PATH?QUERY at the outbound listener, https:// at an ingress; or say `service`',
    ),
  listener: z
    .string()
    .max(63)
    .optional()
    .describe(
      'Ingress that is asked, `ingress-0`; default the first at which TLS for the host ends',
    ),
  from: z
    .string()
    .max(127)
    .optional()
    .describe('Cluster whose client asks, CLUSTER or CLUSTER/ZONE; default that of the gateway'),
  without: z.array(clusterNameSchema).max(100).default([]).describe('Clusters to imagine lost'),
  scale: z
    .record(clusterNameSchema, z.number().min(0).max(1))
    .default({})
    .describe('What to imagine left of the healthy copies of clusters, 0 to 1'),
  method: z.string().max(32).default('GET').describe('Its method'),
  headers: z
    .array(
      z.strictObject({
        name: z.string().max(256).describe('Name of the field'),
        value: z.string().max(8192).describe('Its value'),
      }),
    )
    .max(mostFields)
    .default([])
    .describe('Its fields beside the host'),
  token: z
    .string()
    .max(16_384)
    .optional()
    .describe('A JSON Web Token that it has as its bearer token; kept nowhere'),
  as: z
    .string()
    .max(2048)
    .regex(
      /^spiffe:\/\/[\w.-]+(?:\/[\w.-]+)*$/,
      'use a SPIFFE ID: spiffe://dc1.acme/ns/shop/sa/web',
    )
    .optional()
    .describe('SPIFFE ID of the certificate by which the client is known; default none'),
  source: z
    .string()
    .max(64)
    .refine((text) => isIP(text) !== 0, 'use an IP address')
    .default('127.0.0.1')
    .describe('IP address of the client'),
});

export type AskedRequest = z.output<typeof askedRequestSchema>;

const decisionSchema = object({
  step: z.enum(life.map(({ name }) => name)).describe('The step of the way that decides'),
  outcome: z
    .enum(outcomes)
    .describe(
      'passes: the request goes on; acts: something happens to it, or may; noted: a policy that only looks, or is only tried; unknown: it goes on as far as is known here',
    ),
  says: z.string().describe('What it decides, and why'),
  policy: z
    .string()
    .optional()
    .describe('Policy that decided, KIND/NAMESPACE/NAME, or `configuration`; absent: none did'),
  ...decider,
});

const notes = list(z.string()).describe('What is not known here, and what else is to be known');

export const requestExplanationSchema = named(
  'RequestExplanation',
  'What would become of a request',
  {
    request: object({
      method: z.string().describe('Its method'),
      host: z.string().describe('Its host'),
      path: z.string().describe('Its path with its query, as it is sent'),
    }).describe('What was asked about; without its fields'),
    caller: object({
      cluster: z.string().describe('Cluster'),
      region: z.string().describe('Region'),
      zone: z.string().describe('Zone'),
    }).describe("Where the client's gateway is"),
    decisions: list(decisionSchema).describe("What the client's gateway decides, in order"),
    backends: list(
      object({
        service: z.string().describe('Service that the request goes to'),
        cluster: z.string().optional().describe('The only cluster that may serve it; absent: any'),
        subset: z
          .record(z.string(), z.string())
          .optional()
          .describe('Labels of the only endpoints that may; absent: any'),
        port: z
          .string()
          .optional()
          .describe('Name of the port of the service; absent: the one that has none'),
        share: z.number().min(0).max(100).describe('Percent of such requests that go there'),
        decisions: list(decisionSchema).describe('What is decided of these, in order'),
        decision: explanationSchema
          .optional()
          .describe('Which tier and endpoint; absent where it ends before, or nobody has it'),
        serving: list(
          object({
            cluster: z.string().describe('Another cluster that may serve it'),
            decisions: list(decisionSchema).describe('What its gateway decides, in order'),
            notes,
          }),
        ).describe('Other clusters that get a share of such requests'),
      }),
    ).describe('Where it goes; empty where it ends at its gateway'),
    notes,
  },
);
