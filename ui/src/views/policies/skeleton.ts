/** Owns the text that a new policy begins as, made from its kind's schema: what must be said, and in comments what else may be. */
import { inlineYaml } from '../../format/yaml.ts';

/** The parts of a JSON Schema that a text is made from. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Described {
  readonly kind: string;
  /** What a policy's name is. */
  readonly naming: string;
  readonly spec: Schema;
  /** Named shapes, by what refers to them. */
  readonly named?: Readonly<Record<string, Schema>>;
}

interface Resolving {
  resolve(schema: Schema): Schema;
}

/** How deep fields are told that must be said, and those that need not. */
const depthOfFields = 4;
const depthOfComments = 2;

export function skeletonOf({ kind, naming, spec, named = {} }: Described): string {
  const resolving: Resolving = { resolve: (schema) => named[schema.$ref ?? ''] ?? schema };
  return [
    'apiVersion: isthmus/v1',
    `kind: ${kind}`,
    'metadata:',
    ...comment(naming).map(indented),
    `  name: new-${kind.replaceAll(/(?<=.)[A-Z]/g, '-$&').toLowerCase()}`,
    '  namespace: default',
    'spec:',
    ...fieldLines(spec, resolving, 0).map(indented),
    '',
  ].join('\n');
}

/** The fields that must be said come first; where none must, one is said all the same: an empty object could not be added to. */
function fieldLines(schema: Schema, resolving: Resolving, depth: number): string[] {
  const { properties = {}, required = [] } = resolving.resolve(schema);
  const fields = Object.entries(properties);
  const needed = fields.filter(([name]) => required.includes(name));
  const first = needed.length > 0 ? needed : fields.slice(0, 1);
  return [
    ...first.flatMap(([name, field]) => said(name, field, resolving, depth)),
    ...fields
      .filter((field) => !first.includes(field))
      .flatMap(([name, field]) => commented(name, field, resolving, depth)),
  ];
}

function said(name: string, field: Schema, resolving: Resolving, depth: number): string[] {
  const schema = meant(field, resolving);
  const head = comment(field.description ?? schema.description);
  if (Object.keys(schema.properties ?? {}).length > 0 && depth < depthOfFields) {
    return [...head, `${name}:`, ...fieldLines(schema, resolving, depth + 1).map(indented)];
  }
  return [...head, `${name}: ${inlineYaml(field.default ?? example(schema, resolving))}`];
}

/** What is left of a line of fields without its first `# ` is YAML. */
function commented(name: string, field: Schema, resolving: Resolving, depth: number): string[] {
  const schema = meant(field, resolving);
  const head = comment(field.description ?? schema.description);
  return [...head, ...unsaid(name, field, resolving, depth).map((line) => `# ${line}`)];
}

/** A field that need not be said, as it would be. */
function unsaid(name: string, field: Schema, resolving: Resolving, depth: number): string[] {
  const schema = meant(field, resolving);
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0 || depth + 1 >= depthOfComments) {
    return [`${name}: ${inlineYaml(field.default ?? example(schema, resolving))}`];
  }
  const inner = fields.flatMap(([one, each]) => [
    ...comment(each.description),
    ...unsaid(one, each, resolving, depth + 1),
  ]);
  return [`${name}:`, ...inner.map(indented)];
}

function indented(line: string): string {
  return `  ${line}`;
}

/** Of several shapes the first. */
function meant(field: Schema, resolving: Resolving): Schema {
  const schema = resolving.resolve(field);
  const first = (schema.anyOf ?? schema.oneOf)?.[0];
  return first === undefined ? schema : meant(first, resolving);
}

function example(given: Schema, resolving: Resolving): unknown {
  const schema = meant(given, resolving);
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'boolean') return false;
  if (schema.type === 'integer' || schema.type === 'number') return smallest(schema);
  if (schema.type === 'array') {
    return schema.items && (schema.minItems ?? 0) > 0 ? [example(schema.items, resolving)] : [];
  }
  if (schema.type === 'object') {
    const { properties = {}, required = [] } = schema;
    const needed = Object.entries(properties).filter(([name]) => required.includes(name));
    return Object.fromEntries(needed.map(([name, one]) => [name, example(one, resolving)]));
  }
  return '';
}

function smallest({ minimum, exclusiveMinimum }: Schema): number {
  return minimum ?? (exclusiveMinimum === undefined ? 0 : exclusiveMinimum + 1);
}

function comment(text: string | undefined): string[] {
  return text === undefined ? [] : [`# ${text.replaceAll('\n', ' ')}`];
}
