/** Owns turning declared operations into routes: parse, ask for the role, compare what is there, answer with an `ETag`. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { IsthmusError } from '../../core/errors.ts';
import { principalOf } from './access/gate.ts';
import { parseInput } from './bodies.ts';
import type { Call, Operation } from './operation.ts';

export function installOperations(app: FastifyInstance, operations: readonly Operation[]): void {
  for (const operation of operations) {
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      // A stream has no end that HEAD could wait for.
      exposeHeadRoute: operation.method === 'GET' && operation.media === undefined,
      config: { role: operation.role, onlyAsks: operation.onlyAsks ?? false },
      handler: (request, reply) => run(operation, request, reply),
    });
  }
}

async function run(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const call: Call<unknown, unknown, unknown> = {
    params: parsed(operation.params, request.params),
    query: parsed(operation.query, request.query),
    body: parsed(operation.body, request.body),
    caller: principalOf(request),
    request,
    reply,
  };
  compare(operation, call);
  const answer: unknown = await operation.handle(call);
  if (answer === reply) return reply;
  if (operation.answer === undefined) return reply.code(operation.status ?? 204).send();
  if (reply.statusCode === 200) reply.code(operation.status ?? 200);
  return operation.method === 'GET'
    ? sendTagged(request, reply, answer)
    : reply.header('cache-control', 'no-store').send(answer);
}

function parsed(schema: z.ZodType | undefined, given: unknown): unknown {
  return schema === undefined ? undefined : parseInput(schema, given);
}

/** A GET's answer with its tag, or 304 for who has it (RFC 9110, section 13.1.2). */
function sendTagged(request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  const text = JSON.stringify(answer);
  const tag = tagOf(text);
  reply.header('etag', tag).header('cache-control', 'no-cache');
  const held = request.headers['if-none-match'];
  if (reply.statusCode === 200 && held !== undefined && names(held, tag)) {
    return reply.code(304).send();
  }
  return reply.type('application/json; charset=utf-8').send(text);
}

/** Throws PRECONDITION_FAILED when what is there is not what the caller has seen (RFC 9110, sections 13.1.1 and 13.1.2). */
function compare(operation: Operation, call: Call<unknown, unknown, unknown>): void {
  const { 'if-match': wanted, 'if-none-match': unwanted } = call.request.headers;
  if (operation.method === 'GET' || (wanted === undefined && unwanted === undefined)) return;
  const current = operation.current?.(call);
  const tag = current === undefined ? undefined : tagOf(JSON.stringify(current));
  const where = call.request.url.split('?')[0];
  if (wanted !== undefined && (tag === undefined || !names(wanted, tag))) {
    const what =
      tag === undefined
        ? 'There is nothing that If-Match could match'
        : 'It is no longer what If-Match names';
    throw new IsthmusError('PRECONDITION_FAILED', { what, where });
  }
  if (unwanted !== undefined && tag !== undefined && names(unwanted, tag)) {
    throw new IsthmusError('PRECONDITION_FAILED', {
      what: 'There is one already',
      where,
      fix: 'Use another name; or read it, and replace it with If-Match and its ETag.',
    });
  }
}

function tagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

function names(header: string, tag: string): boolean {
  return header === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
