/** Owns printing lists of the admin API, whole or the one item that is named, as tables or as names. */
import { type ErrorCode, errorCodes } from '../core/error-codes.ts';
import { IsthmusError } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import type { Items } from '../gateway/control/api/answers.ts';
import type { AdminClient } from './admin-client.ts';
import type { Cli } from './cli.ts';
import type { View } from './table.ts';
import { printable } from './terminal.ts';

/** A list of the admin API, and how its items are shown. */
export interface Kind<Item> {
  /** `clusters`, as in `/v1/clusters`. */
  readonly plural: string;
  /** Where they are listed, below `/v1/`; default `plural`. */
  readonly path?: string;
  readonly nameOf: (item: Item) => string;
  readonly layout: (items: readonly Item[], view: View) => string;
}

/** A kind whose items can be asked for by name. */
export interface NamedKind<Item> extends Kind<Item> {
  readonly singular: string;
  /** The error when there is no item of that name. */
  readonly missing: ErrorCode;
  /** The name as `nameOf` writes it, where a person may write it otherwise. */
  readonly canonical?: (admin: AdminClient, name: string) => Promise<string>;
}

export interface ListOptions {
  /** False: without the line of titles. */
  readonly headers: boolean;
}

export type Query = Readonly<Record<string, string | undefined>>;

export async function list<Item>(
  cli: Cli,
  kind: Kind<Item>,
  options: ListOptions,
  query: Query = {},
): Promise<void> {
  const admin = await cli.admin();
  const answer = await admin.get<Items<Item>>(`/v1/${kind.path ?? kind.plural}`, query);
  const { items } = answer;
  cli.print(
    answer,
    (view) => (items.length === 0 ? '' : kind.layout(items, { ...view, ...options })),
    () => names(kind, items),
  );
  if (items.length === 0) cli.note(`No ${kind.plural}.`);
}

/** The item called `name`, or all where none is named. Throws the kind's own error where there is none. */
export async function listOrOne<Item>(
  cli: Cli,
  kind: NamedKind<Item>,
  name: string | undefined,
  options: ListOptions,
  query: Query = {},
): Promise<void> {
  if (name === undefined) return list(cli, kind, options, query);
  const item = await one(await cli.admin(), kind, name, query);
  cli.print(
    item,
    (view) => kind.layout([item], { ...view, ...options }),
    () => names(kind, [item]),
  );
}

/** The item called `name`. Throws the kind's own error where there is none. */
export async function one<Item>(
  admin: AdminClient,
  kind: NamedKind<Item>,
  name: string,
  query: Query = {},
): Promise<Item> {
  const wanted = (await kind.canonical?.(admin, name)) ?? name;
  const { items } = await admin.get<Items<Item>>(`/v1/${kind.path ?? kind.plural}`, query);
  const item = items.find((item) => kind.nameOf(item) === wanted);
  if (item === undefined) throw noSuch(kind, wanted, items.map(kind.nameOf));
  return item;
}

export function names<Item>(kind: Kind<Item>, items: readonly Item[]): string {
  return items.map((item) => printable(kind.nameOf(item))).join('\n');
}

function noSuch(
  { missing, singular }: Pick<NamedKind<never>, 'missing' | 'singular'>,
  wanted: string,
  known: readonly string[],
): IsthmusError {
  const near = closest(wanted, known);
  return new IsthmusError(missing, {
    what: `There is no ${singular} ${wanted}`,
    fix: `${near === undefined ? '' : `Did you mean ${near}? `}${errorCodes[missing].fix}`,
  });
}
