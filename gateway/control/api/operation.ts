/** Owns what one operation of the admin API is: declared once, it is routed, checked, audited and described from that. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Role } from '../roles.ts';
import type { Principal } from './access/principal.ts';

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** The parsed parts of a request, as a handler gets them. */
export interface OperationCall<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: Principal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Described {
  readonly method: Method;
  /** With `{name}` for each parameter. */
  readonly path: string;
  /** Unique; what a generated client calls it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  /** Least role; `anyone` needs none, not even to be known. */
  readonly role: Role | 'anyone';
}

export interface Operation<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
> extends Described {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Shape of the answer; without one it is empty. */
  readonly answer?: A;
  /** Status of success. Default 200 with an answer, 204 without. */
  readonly status?: number;
  /** Other statuses that carry the answer, and when. */
  readonly also?: Readonly<Record<number, string>>;
  /** Media type of an answer that the handler writes to `reply` by itself; it returns `reply` then. */
  readonly media?: string;
  /** The operation changes nothing, whatever its method says: it is a question too long for a URL, and has no place in the audit. */
  readonly onlyAsks?: boolean;
  /**
   * What it is done to, for the audit, where its parameters don't say all: without `answer` it was refused, or failed. Never
   * a secret. Default: its parameters.
   */
  object?(
    call: Pick<OperationCall<z.output<P>, z.output<Q>, z.output<B>>, 'params' | 'query' | 'body'>,
    answer: z.output<A> | undefined,
  ): string | undefined;
  /** Whether it is a sign of life, which programs give all the time: in the audit only where it was refused. Default: it is not. */
  isRoutine?(call: Pick<OperationCall<z.output<P>, z.output<Q>, z.output<B>>, 'body'>): boolean;
  /** Whose requests are counted together: the caller's, or, where each path is asked by a program of its own, the path's. */
  readonly countedBy?: 'caller' | 'path';
  /**
   * Fields of the answer, or of `current`, that become others by themselves, without anybody having changed what is asked for:
   * no condition of a change goes by them.
   */
  readonly derived?: readonly string[];
  /** Given by operations that replace or remove: the answer that a GET of the same path has now, or undefined. `If-Match` is judged by it. */
  current?(call: OperationCall<z.output<P>, z.output<Q>, z.output<B>>): unknown;
  /**
   * What it changes, as it is: asked before it is handled and, with the answer, after. The audit tells the differences. Only what
   * viewers may see. Default: `current`, without what is derived.
   */
  state?(
    call: OperationCall<z.output<P>, z.output<Q>, z.output<B>>,
    answer: z.output<A> | undefined,
  ): unknown;
  /** Throws coded errors. */
  handle(
    call: OperationCall<z.output<P>, z.output<Q>, z.output<B>>,
  ): z.output<A> | Promise<z.output<A>> | FastifyReply | Promise<FastifyReply>;
}

/** Infers an operation's types from its shapes. */
export function operation<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
  A extends z.ZodType = z.ZodVoid,
>(declared: Operation<P, Q, B, A>): Operation {
  return declared as unknown as Operation;
}
