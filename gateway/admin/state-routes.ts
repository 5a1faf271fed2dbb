/** Owns the admin API's reading routes: health, status, what there is, and why requests go where they go. */
import type { FastifyInstance } from 'fastify';
import type { ClusterName } from '../../core/names.ts';
import { parseClusterName, parseServiceName } from '../../core/names.ts';
import {
  clusterQuerySchema,
  explainQuerySchema,
  parseInput,
  serviceQuerySchema,
} from './bodies.ts';
import type { Control } from './control.ts';

export function installStateRoutes(app: FastifyInstance, control: Control): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = control.ready();
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  app.get('/v1/status', async () => control.status());
  app.get('/v1/clusters', async () => ({ items: control.clusters() }));
  app.get('/v1/services', async () => ({ items: control.services() }));
  app.get('/v1/endpoints', async (request) => {
    const { service } = parseInput(serviceQuerySchema, request.query);
    return { items: control.endpoints(service) };
  });
  app.get('/v1/exports', async (request) => {
    const { cluster } = parseInput(clusterQuerySchema, request.query);
    return { items: control.exports(cluster) };
  });
  app.get('/v1/workers', async () => ({ items: control.workers() }));
  app.get('/v1/check', async () => ({ findings: await control.check() }));
  app.get<{ Params: { service: string } }>('/v1/explain/:service', async (request) => {
    const { from, without } = parseInput(explainQuerySchema, request.query);
    const excluded = new Set<ClusterName>();
    for (const name of without?.split(',').filter((part) => part !== '') ?? []) {
      excluded.add(parseClusterName(name));
    }
    return control.explain(parseServiceName(request.params.service), from, excluded);
  });
}
