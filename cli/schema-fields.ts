/** Owns reading a JSON Schema for a person: the field at a path, and the fields in it with their types, defaults and descriptions. */
import { closest } from '../core/suggest.ts';

/** The parts of JSON Schema that our schemas have. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly default?: unknown;
  /** How large, many or long it may be: `1 to 64`, `1 to 16 of them`. */
  readonly bounds?: string;
  readonly isRequired: boolean;
  readonly fields: readonly SchemaField[];
}

/** The field at `path`, and the fields in it; `nearest` where there is none: what its last step that leads nowhere may have meant. */
export function fieldAt(
  root: JsonSchema,
  path: readonly string[],
):
  | { readonly found: SchemaField }
  | { readonly missing: string; readonly known: readonly string[]; readonly nearest?: string } {
  let at = root;
  let isRequired = true;
  for (const step of path) {
    const properties = propertiesOf(root, at);
    const next = properties.get(step);
    if (next === undefined) {
      const known = [...properties.keys()];
      const nearest = closest(step, known);
      return { missing: step, known, ...(nearest !== undefined && { nearest }) };
    }
    ({ schema: at, isRequired } = next);
  }
  return { found: fieldOf(root, path.at(-1) ?? '', at, isRequired, 1) };
}

/** `depth`: how deep the fields in it are told. */
function fieldOf(
  root: JsonSchema,
  name: string,
  schema: JsonSchema,
  isRequired: boolean,
  depth: number,
): SchemaField {
  const { description, default: given } = schema;
  const bounds = boundsOf(resolved(root, schema));
  return {
    name,
    type: typeOf(root, schema),
    ...(description !== undefined && { description }),
    ...(given !== undefined && !isEmpty(given) && { default: given }),
    ...(bounds !== undefined && { bounds }),
    isRequired: isRequired && given === undefined,
    fields:
      depth === 0
        ? []
        : [...propertiesOf(root, schema)].map(([inner, field]) =>
            fieldOf(root, inner, field.schema, field.isRequired, depth - 1),
          ),
  };
}

function boundsOf(schema: JsonSchema): string | undefined {
  const { minimum, maximum, minItems, maxItems, maxLength } = schema;
  if (maxLength !== undefined) return `at most ${maxLength} characters`;
  const many = range(minItems, maxItems);
  return many === undefined ? range(minimum, maximum) : `${many} of them`;
}

function range(least: number | undefined, most: number | undefined): string | undefined {
  if (most === undefined) return least === undefined ? undefined : `${least} or more`;
  return least === undefined ? `at most ${most}` : `${least} to ${most}`;
}

/** The default of an object whose fields have their own. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

interface Property {
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** The fields of an object, of the objects in a list, or of each branch where there are several. */
function propertiesOf(root: JsonSchema, schema: JsonSchema): Map<string, Property> {
  const own = resolved(root, schema);
  const properties = new Map<string, Property>();
  for (const [name, inner] of Object.entries(own.properties ?? {})) {
    properties.set(name, { schema: inner, isRequired: own.required?.includes(name) ?? false });
  }
  const { additionalProperties: any } = own;
  for (const inner of [own.items, typeof any === 'object' ? any : undefined]) {
    for (const [name, property] of inner ? propertiesOf(root, inner) : []) {
      if (!properties.has(name)) properties.set(name, property);
    }
  }
  // What one of several has to have, others need not.
  for (const branch of branchesOf(own)) {
    for (const [name, { schema: of }] of propertiesOf(root, branch)) {
      if (!properties.has(name)) properties.set(name, { schema: of, isRequired: false });
    }
  }
  return properties;
}

function typeOf(root: JsonSchema, schema: JsonSchema): string {
  const own = resolved(root, schema);
  const branches = branchesOf(own);
  if (branches.length > 0) {
    return [...new Set(branches.map((branch) => typeOf(root, branch)))].join(' or ');
  }
  if (own.const !== undefined) return String(own.const);
  if (own.enum !== undefined) return own.enum.map(String).join(' | ');
  if (own.type === 'array') return `list of ${own.items ? typeOf(root, own.items) : 'anything'}`;
  const { additionalProperties: any } = own;
  if (typeof any === 'object') return `${typeOf(root, any)} by name`;
  return own.type ?? 'anything';
}

function branchesOf({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] {
  return anyOf ?? oneOf ?? [];
}

function resolved(root: JsonSchema, schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...own } = schema;
  const name = $ref.replace('#/$defs/', '');
  return { ...(root.$defs?.[name] ?? {}), ...own };
}
