/** Owns what one operation of the admin API is: declared once, it is routed, checked, audited and described from that. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Principal } from './access/principal.ts';
import type { Role } from './access/roles.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** What a handler is given: everything is parsed. */
export interface Call<P, Q, B> {
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
  /** It changes nothing, whatever its method says: it is a question too long for a URL, and has no place in the audit. */
  readonly onlyAsks?: boolean;
  /** What replaces or removes answers to `If-Match` by this: the current answer of the GET on the same path, or undefined. */
  current?(call: Call<z.output<P>, z.output<Q>, z.output<B>>): unknown;
  /** Throws coded errors. */
  handle(
    call: Call<z.output<P>, z.output<Q>, z.output<B>>,
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
