/** Owns telling two looks at a topic apart: what is new or other, and what is gone. */
import type { Look, Topic } from './topic.ts';

/** A look as it is remembered: each item's JSON by its key. */
export interface Seen {
  readonly kind: Look['kind'];
  readonly items: ReadonlyMap<string, string>;
  /** JSON of what stands beside the items, or of the value. */
  readonly rest: string | undefined;
}

export function seen(look: Look, topic: Pick<Topic, 'key'>): Seen {
  if (look.kind === 'value') {
    return { kind: 'value', items: new Map(), rest: JSON.stringify(look.value) };
  }
  return {
    kind: 'items',
    items: new Map(look.items.map((item) => [topic.key(item), JSON.stringify(item)])),
    rest: look.about && JSON.stringify(look.about),
  };
}

/** A look as the data of a `snapshot`, without its id. */
export function whole(name: string, { kind, items, rest }: Seen): string {
  const topic = `"topic":${JSON.stringify(name)}`;
  if (kind === 'value') return `${topic},"value":${rest}`;
  return `${topic}${beside(rest)},"items":[${[...items.values()].join(',')}]`;
}

/** The changes between two looks as the data of a `delta`, without its id; undefined when there are none. */
export function difference(name: string, before: Seen, now: Seen): string | undefined {
  const topic = `"topic":${JSON.stringify(name)}`;
  if (now.kind === 'value') {
    return now.rest === before.rest ? undefined : `${topic},"value":${now.rest}`;
  }
  const upsert: string[] = [];
  for (const [key, json] of now.items) if (before.items.get(key) !== json) upsert.push(json);
  const remove = [...before.items.keys()].filter((key) => !now.items.has(key));
  if (upsert.length + remove.length === 0 && now.rest === before.rest) return undefined;
  return `${topic}${beside(now.rest)},"upsert":[${upsert.join(',')}],"remove":${JSON.stringify(remove)}`;
}

function beside(rest: string | undefined): string {
  return rest === undefined || rest === '{}' ? '' : `,${rest.slice(1, -1)}`;
}
