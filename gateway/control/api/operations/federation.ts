/** Owns the operations on the federation: its clusters, their trust, tokens, joining, leaving, and the embedded registry. */
import { z } from 'zod';
import { labelSchema } from '../../../../registry/model.ts';
import { joinBodySchema, leaveBodySchema, tokenBodySchema } from '../bodies.ts';
import type { Control } from '../control.ts';
import { listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import { clusterItemSchema } from '../schema/clusters.ts';
import { createdTokenSchema, joinResultSchema, leaveResultSchema } from '../schema/federation.ts';
import { gatewayItemSchema } from '../schema/gateways.ts';
import { registryReportSchema } from '../schema/registry.ts';
import { trustItemSchema } from '../schema/trust.ts';

const tag = 'Federation';

export function federationOperations(control: Control): Operation[] {
  return [
    listing({
      path: '/v1/clusters',
      id: 'listClusters',
      tag,
      summary: 'The member clusters, and how this gateway reaches them',
      role: 'viewer',
      item: clusterItemSchema,
      key: ({ cluster }) => cluster,
      items: () => control.clusters(),
    }),
    listing({
      path: '/v1/gateways',
      id: 'listGateways',
      tag,
      summary:
        'The gateways of the federation, as they say in the registry, and those of this cluster that were lost',
      role: 'viewer',
      item: gatewayItemSchema,
      key: ({ cluster, id }) => `${cluster}/${id}`,
      items: () => control.gateways(),
    }),
    operation({
      method: 'GET',
      path: '/v1/registry',
      id: 'getRegistry',
      tag,
      summary: 'The registry, each of its endpoints asked now, and how this gateway stands with it',
      role: 'viewer',
      answer: registryReportSchema,
      handle: () => control.registry(),
    }),
    listing({
      path: '/v1/trust',
      id: 'listTrust',
      tag,
      summary: "How each cluster's trust bundle stands, and who has yet to take it up",
      role: 'viewer',
      item: trustItemSchema,
      key: ({ cluster }) => cluster,
      items: () => control.trust(),
    }),
    operation({
      method: 'POST',
      path: '/v1/tokens',
      id: 'createToken',
      tag,
      summary:
        'Creates a token with which one cluster may join, or one more gateway of this cluster',
      role: 'admin',
      body: tokenBodySchema,
      answer: createdTokenSchema,
      status: 201,
      object: ({ body: { admits, replaces } }, made) =>
        `${made ? `token ${made.id}` : 'token'} for a ${admits}${replaces === undefined ? '' : ` in place of ${replaces}`}`,
      state: (_call, made) => made && { id: made.id, expiresAt: made.expiresAt },
      handle: ({ body: { ttl, admits, replaces } }) =>
        control.createToken({ ttlMs: ttl, admits, replaces }),
    }),
    operation({
      method: 'DELETE',
      path: '/v1/tokens/{id}',
      id: 'revokeToken',
      tag,
      summary: 'Revokes a token that this cluster made, so that it admits nobody',
      role: 'admin',
      params: z.strictObject({ id: labelSchema }),
      handle: ({ params }) => control.revokeToken(params.id),
    }),
    operation({
      method: 'POST',
      path: '/v1/federation/join',
      id: 'join',
      tag,
      summary:
        'Joins the federation that a token is for; with `dryRun` says what that would change',
      role: 'admin',
      body: joinBodySchema,
      answer: joinResultSchema,
      object: ({ body: { dryRun } }, joined) =>
        joined &&
        `federation ${joined.federation}, by way of ${joined.via}${dryRun ? ', dry run' : ''}`,
      state: (_call, joined) =>
        joined?.joined ? { federation: joined.federation, via: joined.via } : undefined,
      handle: ({ body: { token, dryRun } }) => control.join(token, dryRun),
    }),
    operation({
      method: 'POST',
      path: '/v1/federation/leave',
      id: 'leave',
      tag,
      summary: 'Makes this cluster, or another that is dead, leave',
      role: 'admin',
      body: leaveBodySchema,
      answer: leaveResultSchema,
      object: ({ body: { cluster, force, gateways } }, gone) =>
        `cluster ${[gone?.left ?? cluster ?? 'this one', ...gateways].join(', ')}${force ? ', forced' : ''}`,
      state: (_call, gone) => gone && { left: gone.left },
      handle: ({ body: { cluster, force, gateways } }) => control.leave(cluster, force, gateways),
    }),
    ...(['stop', 'start'] as const).map((action) =>
      operation({
        method: 'POST',
        path: `/v1/registry/${action}`,
        id: `${action}Registry`,
        tag,
        summary: `Has the embedded registry ${action}, where this gateway hosts it`,
        role: 'admin',
        handle: () => control.embeddedRegistry(action),
      }),
    ),
  ];
}
