/** Owns the shapes of traffic: the service graph, and each service's last ten minutes. */
import { z } from 'zod';
import { list, milliseconds, moment, named, perSecond } from './shape.ts';

export const graphNodeSchema = named('GraphNode', 'Who calls, or is called, in one cluster', {
  id: z.string(),
  kind: z.enum(['client', 'service']),
  service: z.string().optional(),
  cluster: z.string(),
});

export const graphEdgeSchema = named('GraphEdge', 'Requests from one node to another', {
  from: z.string(),
  to: z.string(),
  protocol: z.string(),
  tier: z.enum(['zone', 'region', 'cluster']),
  requestsPerSecond: perSecond,
  errorsPerSecond: perSecond,
  p50Ms: milliseconds,
  p99Ms: milliseconds,
  /** Whether the hop between the clusters is mutually authenticated; false inside a cluster. */
  mtls: z.boolean(),
});

export const graphSchema = named('Graph', 'Who calls whom from where', {
  at: moment,
  windowSeconds: z.number(),
  nodes: list(graphNodeSchema),
  edges: list(graphEdgeSchema),
  /** Clusters whose gateways did not answer: their callers are missing here. */
  missing: list(z.string()),
});

export const trafficItemSchema = named('ServiceTraffic', "A service's last ten minutes", {
  service: z.string(),
  /** Requests per second in each step, oldest first. */
  requests: list(perSecond),
  /** Failures per second in each step. */
  errors: list(perSecond),
  /** Time to the response's head that 99 % of the step's requests took at most; null without requests. */
  p99Ms: list(milliseconds.nullable()),
});

export const trafficSchema = named('Traffic', 'Each service over the last ten minutes', {
  stepSeconds: z.number(),
  /** End of the last step. */
  at: moment,
  items: list(trafficItemSchema),
  missing: list(z.string()),
});
