/** Owns the operations on traffic: the service graph, each service's last minutes, and the counts these are made from. */
import { z } from 'zod';
import { serviceNameSchema } from '../../../../registry/model.ts';
import { graph } from '../../graph/graph.ts';
import { type Samples, samplesSchema } from '../../graph/samples.ts';
import { traffic } from '../../graph/traffic.ts';
import type { TrafficView } from '../../graph/view.ts';
import { type Operation, operation } from '../operation.ts';
import { graphSchema, trafficSchema } from '../schema/traffic.ts';

const tag = 'Traffic';
/** Seconds the graph looks back. */
const defaultWindow = 60;

/** The source of counts. */
export interface TrafficSource {
  /** The counts of every cluster that answers. */
  view(): Promise<TrafficView>;
  /** This gateway's own, of the steps after `after`. */
  own(after: number): Samples;
}

export function trafficOperations(source: TrafficSource): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/graph',
      id: 'getGraph',
      tag,
      summary: 'Who calls whom from where, in all clusters',
      role: 'viewer',
      query: z.strictObject({
        window: z.coerce
          .number()
          .min(5)
          .max(600)
          .default(defaultWindow)
          .describe('Seconds to look back, in steps of five'),
      }),
      answer: graphSchema,
      handle: async ({ query: { window } }) => graph(await source.view(), window),
    }),
    operation({
      method: 'GET',
      path: '/v1/traffic',
      id: 'getTraffic',
      tag,
      summary: 'Requests, errors and latency of each service over the last ten minutes',
      role: 'viewer',
      query: z.strictObject({ service: serviceNameSchema.optional() }),
      answer: trafficSchema,
      handle: async ({ query: { service } }) => traffic(await source.view(), service),
    }),
    operation({
      method: 'GET',
      path: '/v1/samples',
      id: 'getSamples',
      tag,
      summary: 'What this gateway alone counted, step by step: what the graph is made from',
      role: 'viewer',
      query: z.strictObject({
        after: z.coerce
          .number()
          .int()
          .min(0)
          .default(0)
          .describe('Number of a step: only later ones'),
      }),
      answer: samplesSchema,
      handle: ({ query: { after } }) => source.own(after),
    }),
  ];
}
