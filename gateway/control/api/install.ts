/** Owns turning declared operations into routes: parse, ask for the role, compare `If-Match`, answer with an `ETag`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { differences } from '../audit/differences.ts';
import { principalOf } from './access/gate.ts';
import { parseInput } from './bodies.ts';
import type { Operation, OperationCall } from './operation.ts';
import { lasting, lastingTag, names, tagOf } from './tags.ts';

export function installOperations(app: FastifyInstance, operations: readonly Operation[]): void {
  for (const [path, here] of Map.groupBy(operations, ({ path }) => path)) {
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const isReadable = here.some(({ method }) => method === 'GET');
    for (const operation of here) {
      app.route({
        method: operation.method,
        url,
        exposeHeadRoute: hasHead(operation),
        config: configOf(operation),
        handler: (request, reply) => run(operation, isReadable, request, reply),
      });
    }
    refuseOthers(app, url, here);
  }
}

function configOf({ role, onlyAsks = false, countedBy = 'caller' }: Operation) {
  return { role, onlyAsks, countedBy };
}

/** A stream has no end that HEAD could wait for. */
function hasHead({ method, media }: Operation): boolean {
  return method === 'GET' && media === undefined;
}

/** RFC 9110, section 15.5.6: a path that exists, asked by a wrong method, says by which it can be asked. */
function refuseOthers(app: FastifyInstance, url: string, here: readonly Operation[]): void {
  const allowed: string[] = here.flatMap((one) => [one.method, ...(hasHead(one) ? ['HEAD'] : [])]);
  app.route({
    method: methods.filter((method) => !allowed.includes(method)),
    url,
    config: { role: 'anyone' },
    handler: (request, reply) => {
      reply.header('allow', allowed.join(', '));
      const what = `There is no ${request.method} of ${request.url.split('?')[0]}`;
      throw new IsthmusError('METHOD_NOT_ALLOWED', {
        what: `${what}; there is ${allowed.join(', ')}`,
      });
    },
  });
}

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

async function run(
  operation: Operation,
  isReadable: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  request.act = { operation: operation.id };
  const call: OperationCall<unknown, unknown, unknown> = {
    params: parsed(operation.params, request.params, 'NAME_INVALID'),
    query: parsed(operation.query, request.query, 'QUERY_INVALID'),
    body: parsed(operation.body, request.body, 'BODY_INVALID'),
    caller: principalOf(request),
    request,
    reply,
  };
  const describe = operation.object ?? paramsText;
  const act = { operation: operation.id, isRoutine: operation.isRoutine?.(call) ?? false };
  request.act = { ...act, object: describe(call, undefined) };
  compare(operation, call);
  const isTold = operation.method !== 'GET' && !operation.onlyAsks && !act.isRoutine;
  const before = isTold ? stateOf(operation, call, undefined) : undefined;
  const answer: unknown = await operation.handle(call);
  const after = isTold ? stateOf(operation, call, answer) : undefined;
  const changes = differences(before, after);
  request.act = { ...act, object: describe(call, answer), ...(changes.length > 0 && { changes }) };
  if (answer === reply) return reply;
  if (isReadable && operation.method === 'PUT') tagReplaced(operation, call);
  if (operation.answer === undefined) return reply.code(operation.status ?? 204).send();
  if (reply.statusCode === 200) reply.code(operation.status ?? 200);
  return operation.method === 'GET'
    ? sendTagged(operation, request, reply, answer)
    : reply.header('cache-control', 'no-store').send(answer);
}

function stateOf(
  operation: Operation,
  call: OperationCall<unknown, unknown, unknown>,
  answer: unknown,
): unknown {
  if (operation.state) return operation.state(call, answer);
  const current = operation.current?.(call);
  if (typeof current !== 'object' || current === null) return current;
  const fields = Object.entries(current);
  return Object.fromEntries(fields.filter(([name]) => !operation.derived?.includes(name)));
}

/** `namespace shop, service orders`. */
function paramsText({ params }: Pick<OperationCall<unknown, unknown, unknown>, 'params'>) {
  const given = Object.entries(params ?? {}).map(([name, value]) => `${name} ${value}`);
  return given.length === 0 ? undefined : given.join(', ');
}

function parsed(
  schema: z.ZodType | undefined,
  given: unknown,
  code: Parameters<typeof parseInput>[2],
): unknown {
  return schema === undefined ? undefined : parseInput(schema, given, code);
}

/** A GET's answer with its tag, or 304 for who has it (RFC 9110, section 13.1.2). */
function sendTagged(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: unknown,
): FastifyReply {
  const text = JSON.stringify(answer);
  const tag = tagOf(operation.derived, answer, text);
  reply.header('etag', tag).header('cache-control', 'no-cache');
  const held = request.headers['if-none-match'];
  if (reply.statusCode === 200 && held !== undefined && names(held, tag)) {
    return reply.code(304).send();
  }
  return reply.type('application/json; charset=utf-8').send(text);
}

/** Throws PRECONDITION_FAILED when the object is not as the caller has seen it (RFC 9110, sections 13.1.1 and 13.1.2). */
function compare(operation: Operation, call: OperationCall<unknown, unknown, unknown>): void {
  const { 'if-match': wanted, 'if-none-match': unwanted } = call.request.headers;
  if (operation.method === 'GET' || (wanted === undefined && unwanted === undefined)) return;
  const current = operation.current?.(call);
  const tag = current === undefined ? undefined : lastingTag(operation.derived, current);
  const where = call.request.url.split('?')[0];
  if (wanted !== undefined && (tag === undefined || !names(lasting(wanted), tag))) {
    const what =
      tag === undefined
        ? 'There is nothing that If-Match could match'
        : 'It is no longer what If-Match names';
    throw new IsthmusError('PRECONDITION_FAILED', { what, where });
  }
  if (unwanted !== undefined && tag !== undefined && names(lasting(unwanted), tag)) {
    throw new IsthmusError('PRECONDITION_FAILED', {
      what: 'There is one already',
      where,
      fix: 'Use another name; or read it, and replace it with If-Match and its ETag.',
    });
  }
}

/** Sends the tag that a GET of the object has after the PUT, so that the caller can go on with `If-Match`. */
function tagReplaced(operation: Operation, call: OperationCall<unknown, unknown, unknown>): void {
  const current = operation.current?.(call);
  if (current === undefined) return;
  call.reply.header('etag', tagOf(operation.derived, current, JSON.stringify(current)));
}
