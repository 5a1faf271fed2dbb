/** Owns the operations that look at what is served: services, exports, and why requests go where they go. */
import { z } from 'zod';
import { parseAskedName } from '../../../../core/names.ts';
import { clusterQuery, excludedClusters, explainQuerySchema, scaledClusters } from '../bodies.ts';
import type { Control } from '../control.ts';
import { firstOf, listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import { explanationSchema } from '../schema/explanation.ts';
import { askedRequestSchema, requestExplanationSchema } from '../schema/request-explanation.ts';
import { exportItemSchema, serviceItemSchema } from '../schema/services.ts';
import { exportKey, serviceKey } from '../view/items.ts';

const tag = 'Services';

export function serviceOperations(control: Control): Operation[] {
  return [
    listing({
      path: '/v1/services',
      id: 'listServices',
      tag,
      summary: 'The services of the federation, here and elsewhere',
      role: 'viewer',
      item: serviceItemSchema,
      key: serviceKey,
      items: () => control.services(),
      page: (_, { after, limit }) => firstOf(control.servicesAfter(after), limit),
    }),
    listing({
      path: '/v1/exports',
      id: 'listExports',
      tag,
      summary: 'What clusters export, by locality',
      role: 'viewer',
      query: clusterQuery,
      item: exportItemSchema,
      key: exportKey,
      items: ({ query: { cluster } }) => control.exports(cluster),
      page: ({ query: { cluster } }, { after, limit }) =>
        firstOf(control.exportsAfter(after, cluster), limit),
    }),
    operation({
      method: 'GET',
      path: '/v1/explain/{service}',
      id: 'explain',
      tag,
      summary: 'The balancing decision for a service, candidate by candidate',
      role: 'viewer',
      params: z.strictObject({
        service: z.string().describe('Its name, or `grpc.orders.shop` for a port that has a name'),
      }),
      query: explainQuerySchema,
      answer: explanationSchema,
      handle: ({ params, query: { from, without, scale } }) =>
        control.explain(parseAskedName(params.service), from, {
          without: excludedClusters(without),
          scale: scaledClusters(scale),
        }),
    }),
    operation({
      method: 'POST',
      path: '/v1/explain',
      id: 'explainRequest',
      tag,
      summary:
        'What would become of a request, step by step, each with the policy that decides; nothing is sent',
      role: 'viewer',
      body: askedRequestSchema,
      answer: requestExplanationSchema,
      onlyAsks: true,
      handle: ({ body }) => control.explainRequest(body),
    }),
  ];
}
