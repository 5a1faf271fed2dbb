/** Owns `get -w`: a list as it is, then each item that is new or other than it was, over the admin API's live stream. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cli } from './cli.ts';
import {
  type Kind,
  type ListOptions,
  list,
  listOrOne,
  type NamedKind,
  names,
  type Query,
} from './listing.ts';
import { serverEvents } from './server-events.ts';
import { printable } from './terminal.ts';

/** A gateway asks its readers to wait this long before they come back. */
const comeBackMs = 2_000;

/** The data of a `snapshot`, or of a `delta`. */
interface Change<Item> {
  readonly items?: readonly Item[];
  readonly upsert?: readonly Item[];
  readonly remove?: readonly string[];
}

export interface WatchOptions extends ListOptions {
  readonly watch?: true;
}

/** Prints the list: once or, with `--watch`, at each change until interrupted. */
export function listOrWatch<Item>(
  cli: Cli,
  kind: Kind<Item>,
  { headers, watch: isWatched }: WatchOptions,
  query: Query = {},
  wanted: (item: Item) => boolean = () => true,
): Promise<void> {
  return isWatched ? watch(cli, kind, { headers }, wanted) : list(cli, kind, { headers }, query);
}

/** Prints all items or the one called `name`: once or, with `--watch`, at each change until interrupted. */
export async function oneOrWatch<Item>(
  cli: Cli,
  kind: NamedKind<Item>,
  name: string | undefined,
  { headers, watch: isWatched }: WatchOptions,
  query: Query = {},
  within: (item: Item) => boolean = () => true,
): Promise<void> {
  if (!isWatched) return listOrOne(cli, kind, name, { headers }, query);
  const only = name && ((await kind.canonical?.(await cli.admin(), name)) ?? name);
  const wanted = (item: Item) => (only === undefined || kind.nameOf(item) === only) && within(item);
  await watch(cli, kind, { headers }, wanted, (gone) => `The ${kind.singular} ${gone} is gone.`);
}

/** Goes on until the command is ended; throws when the gateway is gone. `gone` says that a thing is no more. */
async function watch<Item>(
  cli: Cli,
  kind: Kind<Item>,
  options: ListOptions,
  wanted: (item: Item) => boolean,
  gone?: (name: string) => string,
): Promise<void> {
  const admin = await cli.admin();
  const shown = new Map<string, string>();
  const widths: number[] = [];
  let { headers } = options;
  for (;;) {
    for await (const { event, data } of serverEvents(admin, `/v1/stream?topics=${kind.plural}`)) {
      if (event !== 'snapshot' && event !== 'delta') continue;
      const { items, upsert, remove = [] } = JSON.parse(data) as Change<Item>;
      const now = (items ?? upsert ?? []).filter(wanted);
      const changed = now.filter((item) => shown.get(kind.nameOf(item)) !== JSON.stringify(item));
      const left = items === undefined ? remove : [...shown.keys()].filter(isNotIn(now, kind));
      for (const item of changed) shown.set(kind.nameOf(item), JSON.stringify(item));
      for (const name of left) {
        if (shown.delete(name) && gone !== undefined) cli.note(printable(gone(name)));
      }
      if (changed.length === 0) continue;
      print(cli, kind, changed, { headers, widths });
      headers = false;
    }
    // The stream was ended on its reader, who is to come back.
    await sleep(comeBackMs);
  }
}

function isNotIn<Item>(items: readonly Item[], kind: Kind<Item>): (name: string) => boolean {
  const all = new Set(items.map(kind.nameOf));
  return (name) => !all.has(name);
}

/** Prints a table line by line; else item by item: JSON one a line, YAML a document each. */
function print<Item>(
  cli: Cli,
  kind: Kind<Item>,
  items: readonly Item[],
  kept: { readonly headers: boolean; readonly widths: number[] },
): void {
  const { format } = cli;
  if (format === 'table' || format === 'wide') {
    cli.print(items, (view) => kind.layout(items, { ...view, ...kept }));
    return;
  }
  for (const item of items) {
    if (format === 'json') cli.io.stdout.write(`${JSON.stringify(item)}\n`);
    else {
      if (format === 'yaml') cli.io.stdout.write('---\n');
      cli.print(
        item,
        () => '',
        () => names(kind, [item]),
      );
    }
  }
}
