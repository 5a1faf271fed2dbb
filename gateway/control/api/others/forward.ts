/** Owns `/clusters/{cluster}/...`: another cluster's admin API, asked over mutual TLS on behalf of whoever asks here. */
import { Agent as SecureAgent } from 'node:https';
import proxy from '@fastify/http-proxy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { asIsthmusError, IsthmusError } from '../../../../core/errors.ts';
import { parseClusterName } from '../../../../core/names.ts';
import type { GatewayAgent } from '../../others/agent.ts';
import { encodeForwarded, inNameOf, principalHeader } from '../../others/forwarded.ts';
import { principalOf } from '../access/gate.ts';
import { sendProblem } from '../problems.ts';

export const clustersPrefix = '/clusters';
/** To the head of the answer, and between pieces of one that is not a stream, in milliseconds. */
const timeoutMs = 30_000;

/** Fields that are between a browser and this gateway, or name the caller, stay here. */
const stays =
  /^(authorization|cookie|origin|referer|forwarded|sec-.*|x-forwarded-.*|x-isthmus-.*)$/;

export async function installForwarding(app: FastifyInstance, agent: GatewayAgent): Promise<void> {
  await app.register(proxy, {
    prefix: `${clustersPrefix}/:cluster`,
    rewritePrefix: '/',
    upstream: '',
    http: {
      // TLS is the agent's own: to the library it is plain HTTP.
      agents: { 'http:': agent, 'https:': new SecureAgent() },
      requestOptions: { timeout: timeoutMs },
    },
    disableCache: true,
    // Whoever is asked there sees to the role; here it takes being known.
    config: { role: 'viewer' },
    preHandler: async (request) => refuseDetours(request),
    replyOptions: {
      // The library tries GETs again on 503: here that is an answer.
      retryDelay: () => null,
      getUpstream: (request) => `http://${clusterOf(request as FastifyRequest)}`,
      rewriteRequestHeaders: (request, headers) => ({
        ...Object.fromEntries(Object.entries(headers).filter(([name]) => !stays.test(name))),
        [principalHeader]: encodeForwarded(inNameOf(principalOf(request as FastifyRequest))),
      }),
      onError: (reply, { error }) => refuseOnce(reply as FastifyReply, error),
    },
  });
}

function clusterOf({ params }: FastifyRequest): string {
  return (params as { cluster: string }).cluster;
}

/** A gateway that asks for somebody else asks the right cluster by itself. Throws NAME_INVALID or LOOP_REFUSED. */
function refuseDetours(request: FastifyRequest): void {
  parseClusterName(clusterOf(request));
  if (principalOf(request).via !== 'gateway') return;
  throw new IsthmusError('LOOP_REFUSED', {
    what: 'A request that came from another gateway is not sent on to a third',
    fix: 'Ask that cluster directly.',
  });
}

/** The library tells of a connection that broke as often as its parts do. */
function refuseOnce(reply: FastifyReply, error: Error): void {
  if (reply.problem === undefined) sendProblem(reply, refusalOf(error));
}

/** The library wraps what went wrong. */
function refusalOf(error: Error): IsthmusError {
  const { cause } = error;
  if (cause instanceof IsthmusError) return cause;
  return new IsthmusError('PEER_UNREACHABLE', {
    what: `The other cluster's gateway broke off: ${asIsthmusError(cause ?? error).message}`,
    cause: error,
  });
}
