/** Owns lists of the admin API: in pages that stay put while items come and go, with only the fields that are asked for. */
import { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { byNaturalOrder } from '../../../core/text-order.ts';
import { type Operation, type OperationCall, operation } from './operation.ts';
import { list } from './schema/shape.ts';

const maxLimit = 1000;

const pageShape = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxLimit)
    .optional()
    .describe('Most items of a page; without it there is one page'),
  cursor: z.string().max(1024).optional().describe('`next` of the page before'),
};

export const fieldsShape = {
  fields: z
    .string()
    .max(1024)
    .optional()
    .describe('Comma-separated names of the only fields wanted'),
};

type Shape = z.ZodRawShape;
type Comparator = (a: string, b: string) => number;

/** A part of a list, and whether there is more after it. */
export interface Found<I> {
  readonly items: readonly I[];
  readonly more: boolean;
}

/** The first so many of what is in order already. */
export function firstOf<I>(items: Iterable<I>, limit: number): Found<I> {
  const found = Iterator.from(items)
    .take(limit + 1)
    .toArray();
  return { items: found.slice(0, limit), more: found.length > limit };
}

interface Listing<P extends z.ZodType, Q extends Shape, I extends z.ZodType>
  extends Omit<
    Operation<P, z.ZodObject<Q>, z.ZodUndefined, I>,
    'method' | 'handle' | 'answer' | 'query' | 'status' | 'object' | 'state'
  > {
  readonly query?: Q;
  readonly item: I;
  /** The unique key by which items are ordered, and after which pages continue. */
  key(item: z.output<I>): string;
  /** How keys compare; default as people look for names: dc2 before dc10. */
  readonly order?: Comparator;
  items?(
    call: OperationCall<z.output<P>, z.output<z.ZodObject<Q>>, undefined>,
  ): readonly z.output<I>[] | Promise<readonly z.output<I>[]>;
  /** For lists that are too long to be had for every page, and in place of `items` for those that are never had at once: in order, those after the key, and whether there are more. */
  page?(
    call: OperationCall<z.output<P>, z.output<z.ZodObject<Q>>, undefined>,
    wanted: { readonly after: string | undefined; readonly limit: number },
  ): Found<z.output<I>> | Promise<Found<z.output<I>>>;
}

/** Declares `GET` of a list. */
export function listing<
  I extends z.ZodType,
  P extends z.ZodType = z.ZodUndefined,
  Q extends Shape = Record<never, never>,
>({
  item,
  items,
  page: pageAfter,
  key,
  order = byNaturalOrder,
  query,
  ...declared
}: Listing<P, Q, I>): Operation {
  const known = fieldNames(item);
  return operation({
    ...(declared as Omit<typeof declared, 'current'>),
    method: 'GET',
    query: z.strictObject({ ...query, ...pageShape, ...fieldsShape }),
    answer: z.strictObject({ items: list(item), next: z.string().optional() }),
    async handle(call) {
      const { limit, cursor, fields, ...own } = call.query as Paging;
      const after = cursor === undefined ? undefined : decode(cursor);
      const asked = { ...call, query: own } as never;
      const isWhole = items !== undefined && limit === undefined && after === undefined;
      const { page, next } =
        pageAfter && !isWhole
          ? pageBefore(await pageAfter(asked, { after, limit: limit ?? maxLimit }), key)
          : pageOf(sorted((await items?.(asked)) ?? [], key, order), key, order, limit, after);
      const wanted = wantedFields(fields, known);
      return {
        items: wanted ? page.map((one) => only(one as object, wanted)) : page,
        ...(next === undefined ? {} : { next }),
      } as never;
    },
  });
}

interface Paging {
  readonly limit?: number;
  readonly cursor?: string;
  readonly fields?: string;
}

interface Page<T> {
  readonly page: readonly T[];
  /** The cursor of the next. */
  readonly next?: string;
}

function sorted<T>(items: readonly T[], key: (item: T) => string, order: Comparator): T[] {
  return [...items].sort((a, b) => order(key(a), key(b)));
}

function pageBefore<T>({ items, more }: Found<T>, key: (item: T) => string): Page<T> {
  const last = items.at(-1);
  return more && last !== undefined ? { page: items, next: encode(key(last)) } : { page: items };
}

/** A page of sorted items, and where the next begins. */
function pageOf<T>(
  sorted: readonly T[],
  key: (item: T) => string,
  order: Comparator,
  limit: number | undefined,
  after: string | undefined,
): Page<T> {
  const begin = after === undefined ? 0 : sorted.findIndex((item) => order(key(item), after) > 0);
  if (begin === -1) return { page: [] };
  const page = sorted.slice(begin, limit === undefined ? undefined : begin + limit);
  const last = page.at(-1);
  const more = begin + page.length < sorted.length;
  return more && last !== undefined ? { page, next: encode(key(last)) } : { page };
}

function encode(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** Throws QUERY_INVALID for a cursor that is none. */
function decode(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (encode(key) === cursor) return key;
  throw new IsthmusError('QUERY_INVALID', {
    what: 'The cursor is none that this API gave out',
    where: 'cursor',
    fix: 'Use `next` of the page before, unchanged, or begin without a cursor.',
  });
}

/** Parses `fields`. Throws QUERY_INVALID naming one that there is not. */
export function wantedFields(
  text: string | undefined,
  known: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !known.has(name));
  if (unknown === undefined) return new Set(wanted);
  throw new IsthmusError('QUERY_INVALID', {
    what: `There is no field ${JSON.stringify(unknown.slice(0, 80))}`,
    where: 'fields',
    fix: `Use some of ${[...known].join(', ')}.`,
  });
}

export function only(item: object, wanted: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
}

function fieldNames(item: z.ZodType): ReadonlySet<string> {
  const inner = item instanceof z.ZodReadonly ? item.unwrap() : item;
  return new Set(inner instanceof z.ZodObject ? Object.keys(inner.shape) : []);
}
