/** Owns the operations on the real requests that a gateway remembers. They tell what clients ask for, so that they are for operators. */
import { z } from 'zod';
import { serviceQuery } from '../bodies.ts';
import { listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import { explainedSampleSchema, sampledRequestSchema } from '../schema/sampled-requests.ts';
import { explainedSample, type SampledParts, sampledItems } from '../view/sampled-requests.ts';

const tag = 'Services';

export function sampledRequestOperations(gateway: SampledParts): Operation[] {
  return [
    listing({
      path: '/v1/requests',
      id: 'listRequests',
      tag,
      summary: 'Real requests of the last ten minutes that this gateway remembers',
      role: 'operator',
      query: serviceQuery,
      item: sampledRequestSchema,
      key: ({ at, requestId, path }) => `${at} ${requestId} ${path}`,
      items: ({ query: { service } }) => sampledItems(gateway, service),
    }),
    operation({
      method: 'GET',
      path: '/v1/requests/{id}',
      id: 'explainSampledRequest',
      tag,
      summary: 'What became of a real request that this gateway remembers, and what would now',
      role: 'operator',
      params: z.strictObject({
        id: z.string().max(512).describe('Id of the request, or of its trace'),
      }),
      answer: explainedSampleSchema,
      handle: ({ params: { id } }) => explainedSample(gateway, id),
    }),
  ];
}
