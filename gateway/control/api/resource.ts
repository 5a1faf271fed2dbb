/**
 * Owns what a kind of resource is: a thing that is put by its name, stays as it was asked for, and can be deleted again. It is declared
 * once, without how it is done; its operations, the API's description and what other tools offer of it are made from that.
 */
import type { z } from 'zod';
import type { Role } from '../roles.ts';

export interface Resource<
  P extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
  Q extends z.ZodRawShape = z.ZodRawShape,
> {
  /** In snake_case, singular: `drill_schedule`. Its operations are named by it: `putDrillSchedule`. */
  readonly name: string;
  /** The name of several: `drill_schedules`. */
  readonly plural: string;
  readonly tag: string;
  /** One of them, in a sentence without its full stop. */
  readonly summary: string;
  /** Where one is, with `{name}` for each parameter; together they are its identity, in their order there. */
  readonly path: string;
  /** Where all of them are listed. */
  readonly collection?: string;
  /** Parameters by which the list may be narrowed; each value is a text. */
  readonly query?: Q;
  /** Parameters that a PUT takes beside what is put; each value is a text. */
  readonly asking?: z.ZodRawShape;
  /** Whether there always is one, without anybody having put it: a DELETE takes back what was put. Default false. */
  readonly isGiven?: boolean;
  /** The parameters of `path`. Each value is a text. */
  readonly params: P;
  /** What is put. Two bodies that parse to the same ask for the same, however they are written. */
  readonly body: B;
  /**
   * What a GET answers. Every field of the body is a field of the answer by the same name (see `holds`), with its default where it has
   * one and was left out, and absent where it has none; so that what was answered can be put again. A field of the answer that is named
   * like a parameter says the same as it.
   */
  readonly answer: A;
  /** The field of the answer that holds what was put, where the body's fields are not the answer's own. */
  readonly holds?: string;
  /** Fields of the body that the gateway chooses where they are left out, with dots between those within others: `spec.scope.cluster`. */
  readonly chosen?: readonly string[];
  /** Fields of the answer that become others by themselves: see `Operation.derived`. */
  readonly derived?: readonly string[];
  /** Fields of the body or the answer that hold secrets: not to be shown, logged or kept in clear. */
  readonly secret?: readonly string[];
  /** Least role of who puts or deletes it. */
  readonly role: Role;
  /** The sentences that describe its operations. */
  readonly says: {
    readonly list?: string;
    readonly get: string;
    readonly put: string;
    readonly delete: string;
  };
}

/** Infers a resource's types from its shapes. */
export function resource<
  P extends z.ZodObject,
  B extends z.ZodType,
  A extends z.ZodType,
  Q extends z.ZodRawShape = Record<never, never>,
>(declared: Resource<P, B, A, Q>): Resource<P, B, A, Q> {
  return declared;
}
