/** Owns the operation that Prometheus scrapes. */
import { type Operation, operation } from '../operation.ts';

/** Metrics as text, in the format that an `Accept` field asks for. */
export type ReadMetrics = (
  accept: string | undefined,
) => Promise<{ readonly contentType: string; readonly text: string }>;

export function metricsOperation(read: ReadMetrics): Operation {
  return operation({
    method: 'GET',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'Gateway',
    summary: 'Metrics, as Prometheus or OpenMetrics text',
    role: 'viewer',
    media: 'text/plain',
    async handle({ request, reply }) {
      const { contentType, text } = await read(request.headers.accept);
      return reply.header('cache-control', 'no-store').type(contentType).send(text);
    },
  });
}
