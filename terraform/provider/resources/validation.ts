/** Owns finding what is wrong in a configuration, by the shapes that the gateway will judge it by, before anything is done. */
import type { z } from 'zod';
import type { Diagnostic, Path, PathKey } from '../diagnostics.ts';
import { type Attributes, fieldOf, type Shape } from '../schema/attribute.ts';
import { toBody } from '../schema/wire.ts';
import { isKnown, unknown, type ValueMap } from '../values/value.ts';

/**
 * The faults of `config`, which has attributes that `schema` is the shape of. What is not known yet is sent to the parser as something
 * that nothing takes: so it judges all else, and no rule about several fields is asked where one of them is unknown.
 */
export function faults(
  schema: z.ZodType,
  attributes: Attributes,
  config: ValueMap,
): readonly Diagnostic[] {
  const { error } = schema.safeParse(toBody(attributes, config, 'kept'));
  return (error?.issues ?? []).flatMap((issue) => {
    const { path, message } = deepest(issue);
    const fields = path.map(String);
    if (isOpen({ kind: 'object', attributes }, config, fields)) return [];
    return [
      {
        severity: 'error',
        summary: 'Invalid value',
        detail: sentence(message),
        at: attributePath(attributes, fields),
      },
    ];
  });
}

type Issue = z.core.$ZodIssue;
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a choice of several shapes the one is meant that fits best: whose fault lies deepest. */
function deepest(issue: Issue): Fault {
  if (issue.code !== 'invalid_union') return issue;
  const within = issue.errors
    .flatMap((issues) => (issues.length === 1 ? issues : []))
    .map(deepest)
    .filter(({ path }) => path.length > 0)
    .sort((a, b) => b.path.length - a.path.length);
  const [best] = within;
  if (best !== undefined) return { ...best, path: [...issue.path, ...best.path] };
  const said = issue.errors.flatMap((issues) => issues.map(({ message }) => message));
  const isUsual = issue.message === 'Invalid input' && said.length > 0;
  return isUsual ? { path: issue.path, message: [...new Set(said)].join('; or ') } : issue;
}

/** Whether what is at these fields, or what it is in, or anything in it, is not known yet. */
function isOpen(shape: Shape, value: unknown, [field, ...rest]: readonly string[]): boolean {
  if (value === unknown) return true;
  if (field === undefined) return !isKnown(value as ValueMap);
  const [key, inner] = within(shape, field) ?? [];
  if (key === undefined || inner === undefined) return false;
  const next = typeof value === 'object' && value !== null ? (value as never)[nameOf(key)] : null;
  return isOpen(inner, next, rest);
}

/** The attribute that fields of the API lead to, as far as they do. */
export function attributePath(attributes: Attributes, fields: readonly string[]): Path {
  const path: PathKey[] = [];
  let shape: Shape = { kind: 'object', attributes };
  for (const field of fields) {
    const step = within(shape, field);
    if (step === undefined) break;
    path.push(step[0]);
    shape = step[1];
  }
  return path;
}

function within(shape: Shape, field: string): readonly [PathKey, Shape] | undefined {
  if (shape.kind === 'list') {
    const index = Number(field);
    return Number.isInteger(index) ? [{ index }, shape.of] : undefined;
  }
  if (shape.kind === 'map') return [{ key: field }, shape.of];
  if (shape.kind !== 'object') return undefined;
  const found = Object.entries(shape.attributes).find(
    ([name, one]) => fieldOf(name, one) === field,
  );
  return found && [{ attribute: found[0] }, found[1].shape];
}

function nameOf(key: PathKey): string {
  if ('attribute' in key) return key.attribute;
  return 'key' in key ? key.key : String(key.index);
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
