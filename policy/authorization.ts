/** Owns the policy of who may ask a service for what, with the meaning of Istio's AuthorizationPolicy. */
import { z } from 'zod';
import { type ClusterName, isLabel, parseClusterName } from '../core/names.ts';
import { labelSchema } from '../registry/model.ts';
import { conditionKeys, isOfGateways, readConditionKey } from './authorization/condition-key.ts';
import {
  addressBlock,
  hostPattern,
  listOf,
  methodPattern,
  pathPattern,
  portNamePattern,
  portText,
  textPattern,
} from './authorization/patterns.ts';

/** Whether any key is written; what is empty would match everything, and is likelier an oversight. */
function saysAnything(written: object): boolean {
  return Object.values(written).some((value) => value !== undefined);
}

const texts = listOf(textPattern).optional();
const blocks = listOf(addressBlock).optional();

const sourceSchema = z
  .strictObject({
    principals: texts.describe(
      'Identities of callers by their verified certificates, with or without `spiffe://`; `*` is any caller that has one',
    ),
    notPrincipals: texts.describe('Identities that the caller must not have'),
    trustDomains: texts.describe(
      "Trust domains in the callers' identities: of a cluster `<cluster>.<federation>`, or one outside of the federation",
    ),
    notTrustDomains: texts.describe("Trust domains that must not be in the caller's identity"),
    requestPrincipals: texts.describe(
      'Issuer and subject of the verified token, `<iss>/<sub>`; `*` is any token',
    ),
    notRequestPrincipals: texts.describe('Issuers and subjects that the token must not be of'),
    namespaces: texts.describe("Namespaces in the callers' identities, `.../ns/<namespace>/...`"),
    notNamespaces: texts.describe("Namespaces that must not be in the caller's identity"),
    clusters: texts.describe(
      'Clusters by whose gateways requests come in, this one for its own clients',
    ),
    notClusters: texts.describe('Clusters by whose gateways the request must not have come in'),
    ipBlocks: blocks.describe(
      "Addresses of the connection's other end: of a client, or of another cluster's gateway",
    ),
    notIpBlocks: blocks.describe("Addresses that the connection's other end must not have"),
    remoteIpBlocks: blocks.describe(
      'Addresses of the client itself, as trusted proxies and other gateways tell them',
    ),
    notRemoteIpBlocks: blocks.describe('Addresses that the client itself must not have'),
  })
  .refine(saysAnything, 'say of whom: an empty source would be anybody, as no `from` is');

const paths = listOf(pathPattern).optional();
const methods = listOf(methodPattern).optional();
const hosts = listOf(hostPattern).optional();
const portNames = listOf(portNamePattern).optional();

export const operationSchema = z
  .strictObject({
    hosts: hosts.describe('Hosts that are asked for, in any case; without a port: at any port'),
    notHosts: hosts.describe('Hosts that must not be asked for'),
    ports: listOf(portText)
      .optional()
      .describe('Ports that are asked for, as texts; where the host has none 80, or 443 for https'),
    notPorts: listOf(portText).optional().describe('Ports that must not be asked for'),
    portNames: portNames.describe(
      "Names of the service's ports that are asked for; `*` is any that has a name",
    ),
    notPortNames: portNames.describe(
      'Names of ports that must not be asked for; `*` leaves the port that has none',
    ),
    methods: methods.describe('Methods; of gRPC `POST`'),
    notMethods: methods.describe('Methods that the request must not have'),
    paths: paths.describe(
      'Paths without their query, `/<package>.<Service>/<Method>` of gRPC: whole, with a `*` at one end, or with `{*}` and `{**}` for segments',
    ),
    notPaths: paths.describe('Paths that must not be asked for'),
  })
  .refine(saysAnything, 'say what for: an empty operation would be anything, as no `to` is');

const conditionSchema = z
  .strictObject({
    key: z
      .string()
      .max(2048)
      .describe(`What is looked at, one of ${conditionKeys.map((key) => `\`${key}\``).join(', ')}`),
    values: texts.describe('Values of which it has to have one; `*` is any'),
    notValues: texts.describe('Values of which it must have none'),
  })
  .superRefine(({ key, values, notValues }, context) => {
    const issue = (path: string[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const read = readConditionKey(key);
    if (read === undefined) issue(['key'], `use one of ${conditionKeys.join(', ')}`);
    else if (read.of === 'header' && isOfGateways(read.name)) {
      issue(
        ['key'],
        `${read.name} is not the client's word: use \`hosts\`, or a key of \`source\``,
      );
    }
    if (values === undefined && notValues === undefined) {
      issue(['values'], 'say values, notValues or both');
    }
    const value = read && valueSchemas[read.of as keyof typeof valueSchemas];
    for (const [field, list = []] of Object.entries({ values, notValues })) {
      for (const [i, text] of list.entries()) {
        const fault = value?.safeParse(text).error?.issues[0];
        if (fault) issue([field, String(i)], fault.message);
      }
    }
  });

/** The form of values that are no texts. */
const valueSchemas = { ip: addressBlock, remoteIp: addressBlock, port: portText } as const;

const ruleSchema = z.strictObject({
  from: z
    .array(z.strictObject({ source: sourceSchema.describe('Whoever has all of this') }))
    .min(1)
    .max(64)
    .optional()
    .describe('Who asks: one of these; without it anybody'),
  to: z
    .array(z.strictObject({ operation: operationSchema.describe('Whatever has all of this') }))
    .min(1)
    .max(64)
    .optional()
    .describe('What is asked for: one of these; without it anything'),
  when: z
    .array(conditionSchema)
    .min(1)
    .max(64)
    .optional()
    .describe('What else holds: all of these'),
});

const authorizationActions = ['ALLOW', 'DENY', 'AUDIT'] as const;

export const authorizationSchema = z
  .strictObject({
    target: z
      .strictObject({
        service: labelSchema
          .optional()
          .describe("A service of the policy's namespace; without one it is for all of them"),
      })
      .prefault({})
      .describe('The services that it is for'),
    action: z
      .enum(authorizationActions)
      .default('ALLOW')
      .describe(
        'ALLOW: once a service has any of these, what none of them matches is refused. DENY: what matches is refused, whatever others allow. AUDIT: what matches is counted',
      ),
    rules: z
      .array(ruleSchema)
      .max(256)
      .default([])
      .describe(
        'What it is about: requests that match one of these. `[{}]` matches all; none, with ALLOW, matches nothing, so that nothing is allowed',
      ),
    dryRun: z
      .boolean()
      .default(false)
      .describe('Whether it only counts what it would refuse, and refuses nothing'),
    openConnections: z
      .enum(['keep', 'close'])
      .default('keep')
      .describe(
        'What becomes of requests, answers and tunnels under way that the policy would refuse now: they go on, or are broken off once it is in force',
      ),
  })
  .refine(({ action, rules }) => action === 'ALLOW' || rules.length > 0, {
    path: ['rules'],
    message: 'say what it is about: with this action no rules do nothing',
  });

export type Operation = z.output<typeof operationSchema>;
export type AuthorizationRule = z.output<typeof ruleSchema>;
export type AuthorizationAction = (typeof authorizationActions)[number];

/** What a policy makes gateways do. */
export interface Authorization {
  readonly action: AuthorizationAction;
  readonly rules: readonly AuthorizationRule[];
  readonly dryRun: boolean;
  readonly openConnections: 'keep' | 'close';
}

/** The clusters that rules name, each once; patterns are none. */
export function clustersIn(rules: readonly AuthorizationRule[]): ClusterName[] {
  const sources = rules.flatMap(({ from = [] }) => from.map(({ source }) => source));
  const named = sources.flatMap(({ clusters = [], notClusters = [] }) => [
    ...clusters,
    ...notClusters,
  ]);
  return [...new Set(named.filter(isLabel))].map(parseClusterName);
}
