/** Owns what Terraform knows of a kind of resource that the admin API declares: its attributes, its identity, its paths. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Resource } from '../../../gateway/control/api/resource.ts';
import type { Attributes } from '../schema/attribute.ts';
import { answerAttributes, bodyAttributes } from '../schema/from-zod.ts';
import type { ValueMap } from '../values/value.ts';

export interface Kind {
  readonly declared: Resource;
  /** All of them; the parameters first. */
  readonly attributes: Attributes;
  /** Those in the path. */
  readonly params: Attributes;
  readonly body: Attributes;
  /** What the gateway tells besides. */
  readonly told: Attributes;
}

/** Throws INTERNAL for a declaration that Terraform's schemas have no place for. */
export function kindOf(declared: Resource): Kind {
  const { params: paramsSchema, body: bodySchema, answer, holds, chosen, secret } = declared;
  const params = bodyAttributes(paramsSchema);
  const body = bodyAttributes(bodySchema, { chosen, secret });
  const twice = Object.keys(body).find((name) => name in params || reserved.has(name));
  if (twice !== undefined) {
    throw new IsthmusError('INTERNAL', {
      what: `A field of ${declared.name} can't be called ${twice}: its path or Terraform has one`,
    });
  }
  const told = Object.entries(answerAttributes(answer, { secret })).filter(
    ([name, { field = name }]) => field !== holds && !(name in params) && !(name in body),
  );
  const rest = Object.fromEntries(told);
  return { declared, attributes: { ...params, ...body, ...rest }, params, body, told: rest };
}

/** What a block of Terraform's language has by itself. */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'count',
  'depends_on',
  'for_each',
  'lifecycle',
  'provider',
  'provisioner',
]);

/** The path of the one that `values` name. */
export function pathOf({ declared, params }: Kind, values: ValueMap): string {
  return Object.entries(params).reduce(
    (path, [name, { field = name }]) =>
      path.replace(`{${field}}`, encodeURIComponent(String(values[name]))),
    declared.path,
  );
}

/** The names of the parameters in the order of the path. */
export function identityOf({ declared, params }: Kind): readonly string[] {
  const place = (name: string) => declared.path.indexOf(`{${params[name]?.field ?? name}}`);
  return Object.keys(params).sort((a, b) => place(a) - place(b));
}
