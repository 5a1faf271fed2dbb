/** Owns changes of fields as filters of a Route say them; those that only gateways may make are told. */
import { fieldChangesSchema } from '../../policy/route/changeable-fields.ts';
import type { Field } from './field.ts';
import type { Filter } from './rules.ts';

type Kind = 'set' | 'add' | 'remove';
const keys = { request: 'requestHeaderModifier', response: 'responseHeaderModifier' } as const;
const types = { request: 'RequestHeaderModifier', response: 'ResponseHeaderModifier' } as const;

/** The filter that makes the changes which stand at `set`, `add` and `remove`; none where none can be made. */
export function changesOf(of: keyof typeof keys, from: Field | undefined): Filter[] {
  if (from === undefined) return [];
  const changes: { [K in 'set' | 'add']?: { name: string; value: string }[] } & {
    remove?: string[];
  } = {};
  for (const kind of ['set', 'add'] as const) {
    const fields = from.texted(kind).flatMap(([name, value]) => {
      const field = { name, value };
      return isFit(from.down(kind, name), kind, [field]) ? [field] : [];
    });
    if (fields.length > 0) changes[kind] = fields;
  }
  const removed = from
    .texts('remove')
    ?.filter((name) => isFit(from.at('remove'), 'remove', [name]));
  if (removed && removed.length > 0) changes.remove = removed;
  if (Object.keys(changes).length === 0) return [];
  return [{ type: types[of], [keys[of]]: changes } as Filter];
}

function isFit(from: Field | undefined, kind: Kind, one: readonly unknown[]): boolean {
  const fault = fieldChangesSchema.safeParse({ [kind]: one }).error?.issues[0];
  if (fault) from?.leave(`${kind === 'remove' ? `${String(one[0])}: ` : ''}${fault.message}`);
  return fault === undefined;
}
