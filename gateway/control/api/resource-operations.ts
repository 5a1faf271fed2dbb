/** Owns making the operations of a kind of resource from its declaration: GET, PUT and DELETE of one, and the list of all. */
import { z } from 'zod';
import type { Principal } from './access/principal.ts';
import { type Found, listing } from './list.ts';
import { type Operation, type OperationCall, operation } from './operation.ts';
import type { Resource } from './resource.ts';

/** Who asks for a change, and whether only of what they have seen: by `If-Match`, or `If-None-Match`. */
interface Asking {
  readonly caller: Principal;
  readonly isConditional: boolean;
  /** The query of a PUT, as the resource's `asking` has it. */
  readonly query: Readonly<Record<string, unknown>>;
}

/** How a kind of resource is read and written; all but `find` and `items` throw coded errors. */
interface Acts<P, B, A, W extends z.ZodType, Q extends z.ZodRawShape> {
  /** One as it is now, or undefined. */
  find(params: P): A | undefined;
  /** Throws its code of what is not found. */
  get(params: P): A;
  put(params: P, body: B, asking: Asking): Promise<z.output<W>>;
  /** Absent where it is declared apart. */
  delete?(params: P, asking: Asking): Promise<unknown>;
  /** Absent where it has no list. */
  readonly list?: List<A, Q>;
  /** The object of a PUT, for the audit. */
  object?(params: P, body: B): string;
  readonly countedBy?: Operation['countedBy'];
}

interface List<A, Q extends z.ZodRawShape> {
  /** See `Listing.key`. */
  key(item: A): string;
  items(query: z.output<z.ZodObject<Q>>): readonly A[] | Promise<readonly A[]>;
  /** See `Listing.page`. */
  page?(
    query: z.output<z.ZodObject<Q>>,
    wanted: { readonly after: string | undefined; readonly limit: number },
  ): Found<A>;
}

/** `written` is the shape that a PUT answers with, where that is more than a GET's. */
export function resourceOperations<
  P extends z.ZodObject,
  B extends z.ZodType,
  A extends z.ZodType,
  W extends z.ZodType = A,
  Q extends z.ZodRawShape = Record<never, never>,
>(
  declared: Resource<P, B, A, Q>,
  acts: Acts<z.output<P>, z.output<B>, z.output<A>, W, Q>,
  written?: W,
): Operation[] {
  const { path, tag, params, derived, role, says, asking } = declared;
  const { countedBy, object } = acts;
  const one = { path, tag, params, ...(derived && { derived }) };
  const writing = { ...one, role, ...(countedBy && { countedBy }) };
  const current = (call: Pick<OperationCall<z.output<P>, unknown, unknown>, 'params'>) =>
    acts.find(call.params);
  const id = inCapitals(declared.name);
  return [
    ...listOf(declared, acts.list),
    operation<P, z.ZodUndefined, z.ZodUndefined, A>({
      ...one,
      method: 'GET',
      id: `get${id}`,
      summary: says.get,
      role: 'viewer',
      answer: declared.answer,
      handle: (call) => acts.get(call.params),
    }),
    operation<P, z.ZodObject, B, A | W>({
      ...writing,
      ...(asking && { query: z.strictObject(asking) }),
      method: 'PUT',
      id: `put${id}`,
      summary: says.put,
      body: declared.body,
      answer: written ?? declared.answer,
      current,
      ...(object && { object: (call) => object(call.params, call.body) }),
      handle: (call) => acts.put(call.params, call.body, askingOf(call)),
    }),
    ...(acts.delete === undefined
      ? []
      : [
          operation<P, z.ZodUndefined, z.ZodUndefined, z.ZodVoid>({
            ...writing,
            method: 'DELETE',
            id: `delete${id}`,
            summary: says.delete,
            current,
            async handle(call) {
              await acts.delete?.(call.params, askingOf(call));
            },
          }),
        ]),
  ];
}

function askingOf({
  caller,
  query,
  request,
}: Pick<OperationCall<unknown, unknown, unknown>, 'caller' | 'query' | 'request'>): Asking {
  const { 'if-match': wanted, 'if-none-match': unwanted } = request.headers;
  return {
    caller,
    isConditional: wanted !== undefined || unwanted !== undefined,
    query: (query ?? {}) as Asking['query'],
  };
}

function listOf<A extends z.ZodType, Q extends z.ZodRawShape>(
  declared: Pick<
    Resource<z.ZodObject, z.ZodType, A, Q>,
    'collection' | 'query' | 'plural' | 'tag' | 'summary' | 'says' | 'answer'
  >,
  list: List<z.output<A>, Q> | undefined,
): Operation[] {
  const { collection, query, plural, tag, summary, says, answer } = declared;
  if (list === undefined || collection === undefined) return [];
  const { page } = list;
  return [
    listing<A, z.ZodUndefined, Q>({
      path: collection,
      id: `list${inCapitals(plural)}`,
      tag,
      summary: says.list ?? summary,
      role: 'viewer',
      item: answer,
      key: list.key,
      ...(query && { query }),
      items: (call) => list.items(call.query),
      ...(page && { page: (call, wanted) => page(call.query, wanted) }),
    }),
  ];
}

/** `drill_schedule` is `DrillSchedule`. */
function inCapitals(name: string): string {
  return name.replaceAll(/(?:^|_)(\w)/g, (_, first: string) => first.toUpperCase());
}
