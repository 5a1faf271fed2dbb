/** Owns the description of a written policy: who wrote it and when, whether it is in force, and all that it says. */
import type { PolicyItem } from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { type NamedKind, one } from '../listing.ts';
import { ownerOf } from '../policy-kinds.ts';
import { type Field, fieldLines, type Section, when } from '../sections.ts';
import type { Findings } from './description.ts';

export async function describePolicy<Item extends PolicyItem>(
  admin: AdminClient,
  kind: NamedKind<Item>,
  name: string,
): Promise<Findings> {
  const policy = await one(admin, kind, name);
  const {
    cluster: ___,
    scope: ____,
    namespace: _,
    name: __,
    by,
    at,
    set,
    inForce,
    reason,
    warnings,
    ...spec
  } = policy;
  const said = Object.entries(spec);
  return {
    data: { policy },
    fields: [
      [kind.singular, kind.nameOf(policy)],
      ['cluster', ownerOf(policy)],
      ['written', `by ${by}, ${when(at)}`],
      ['in force', inForce ? 'yes, at this gateway' : 'no'],
      ['why', reason],
      ['of the set', set],
      ...warnings.map((warning): Field => ['warning', warning]),
      ...said.filter(([, value]) => !isObject(value)).map(line),
    ],
    sections: said.flatMap(([field, value]): Section[] => {
      const body = (view: Parameters<Section['body']>[0]) => fieldLines(fieldsOf(value), view);
      return isObject(value) ? [{ title: field, body, none: 'any' }] : [];
    }),
  };
}

function fieldsOf(value: unknown, path = ''): Field[] {
  return Object.entries(value as object).flatMap(([name, inner]) =>
    isObject(inner) ? fieldsOf(inner, `${path}${name}.`) : [line([`${path}${name}`, inner])],
  );
}

function line([name, value]: [string, unknown]): Field {
  if (!Array.isArray(value)) return [name, String(value)];
  return [name, value.length === 0 ? 'none' : value.join(', ')];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
