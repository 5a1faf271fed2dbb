/** Owns the admin API's routes that change the federation: tokens, join, leave, and the embedded registry. */
import type { FastifyInstance } from 'fastify';
import { joinBodySchema, leaveBodySchema, parseInput, tokenBodySchema } from './bodies.ts';
import type { Control } from './control.ts';

export function installFederationRoutes(app: FastifyInstance, control: Control): void {
  app.post('/v1/tokens', async (request, reply) => {
    const { ttl } = parseInput(tokenBodySchema, request.body);
    return reply.code(201).send(await control.createToken(ttl));
  });
  app.post('/v1/federation/join', async (request) => {
    const { token, dryRun } = parseInput(joinBodySchema, request.body);
    return control.join(token, dryRun);
  });
  app.post('/v1/federation/leave', async (request) => {
    const { cluster, force } = parseInput(leaveBodySchema, request.body);
    return control.leave(cluster, force);
  });
  for (const action of ['stop', 'start'] as const) {
    app.post(`/v1/registry/${action}`, async (_request, reply) => {
      await control.embeddedRegistry(action);
      return reply.code(204).send();
    });
  }
}
