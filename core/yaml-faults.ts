/** Owns what is said of a YAML document that is wrong: what the parser finds, and each complaint of a schema, at its file:line:column. */
import { type Document, isMap, isPair, isScalar, type Node, visit } from 'yaml';
import type { z } from 'zod';
import { IsthmusError, messageOf } from './errors.ts';
import { closest } from './suggest.ts';

/** Aliases may repeat what they stand for this often: enough for people, too little for a billion laughs. */
const maxAliasCount = 100;

/** `file:line:column` of an offset. */
type At = (offset: number) => string;

/** CONFIG_SYNTAX for the first thing in a document that is no YAML; undefined for one that is. */
export function syntaxFault(document: Document, at: At): IsthmusError | undefined {
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault === undefined) return undefined;
  const what = fault.code === 'MULTIPLE_DOCS' ? 'There is more than one document' : fault.message;
  return new IsthmusError('CONFIG_SYNTAX', {
    what: what.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'Not YAML',
    where: at(fault.pos[0]),
  });
}

/** The plain value of a document. Throws CONFIG_SYNTAX for an alias of nothing, or too many of them. */
export function plainValue(document: Document, at: At): unknown {
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      throw new IsthmusError('CONFIG_SYNTAX', {
        what: `There is no anchor &${alias.source} before this alias`,
        where: at(alias.range?.[0] ?? 0),
      });
    },
  });
  try {
    return document.toJS({ maxAliasCount });
  } catch (cause) {
    throw new IsthmusError('CONFIG_SYNTAX', { what: messageOf(cause), where: at(0), cause });
  }
}

/** A value that a schema has complaints about, and where it stands. */
interface Faulty {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly issues: readonly z.core.$ZodIssue[];
  /** The document's root. */
  readonly root: Node | null;
  /** Keys that lead from the root to the value. */
  readonly under: readonly string[];
  readonly at: At;
}

/**
 * CONFIG_UNKNOWN_KEY or CONFIG_INVALID for each complaint; unknown keys come before missing ones, for they are often those
 * misspelt.
 */
export function schemaFaults(faulty: Faulty): IsthmusError[] {
  const isUnknown = ({ code }: z.core.$ZodIssue) => code === 'unrecognized_keys';
  const issues = faulty.issues.map((issue) => deepest(issue));
  return [...issues.filter(isUnknown), ...issues.filter((issue) => !isUnknown(issue))].flatMap(
    (issue) => faultsOf(issue, faulty),
  );
}

function faultsOf(
  issue: z.core.$ZodIssue,
  { schema, value, root, under, at }: Faulty,
): IsthmusError[] {
  const path = issue.path.map(String);
  const whole = [...under, ...path];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      return new IsthmusError('CONFIG_UNKNOWN_KEY', {
        what: `There is no key ${JSON.stringify(key)} ${whole.length === 0 ? 'at the top level' : `in ${whole.join('.')}`}`,
        where: at(offsetOf(root, [...whole, key])),
        fix: didYouMean(closest(key, known)),
      });
    });
  }
  const name = whole.length === 0 ? 'The document' : whole.join('.');
  const isMissing = issue.code === 'invalid_type' && valueAt(value, path) === undefined;
  const what = isMissing ? `${name} is missing` : `${name}: ${issue.message}`;
  const fix = didYouMean(nearestOption(issue, value));
  return [new IsthmusError('CONFIG_INVALID', { what, where: at(offsetOf(root, whole)), fix })];
}

/** The word that was likely meant where one of a few was wanted, and another was written. */
function nearestOption(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  const written = valueAt(value, issue.path.map(String));
  return typeof written === 'string' ? closest(written, optionsOf(issue)) : undefined;
}

function optionsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(optionsOf);
  if (issue.code !== 'invalid_value') return [];
  return issue.values.filter((option) => typeof option === 'string');
}

function didYouMean(near: string | undefined): string | undefined {
  return near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], value);
}

function foremost(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
}

/**
 * The innermost complaint: a union reports each branch, and the one that got furthest is the one meant; of
 * several, one that takes a value of this type at all.
 */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const branches = issue.errors.flatMap((branch) => foremost(branch) ?? []);
  const best = branches.sort((a, b) => reach(b) - reach(a))[0];
  if (best === undefined || reach(best) === 0) return issue;
  return deepest({ ...best, path: [...issue.path, ...best.path] });
}

function reach({ path, code }: z.core.$ZodIssue): number {
  const isOtherType = code === 'invalid_type' || code === 'invalid_value';
  return path.length * 2 + (isOtherType ? 0 : 1);
}

/** Offset of the node at `path`, or of the nearest parent that exists. */
export function offsetOf(root: Node | null, path: readonly string[]): number {
  let offset = root?.range?.[0] ?? 0;
  let node: unknown = root;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step,
      );
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      const items = (node as { items?: unknown[] } | null)?.items;
      node = items?.[Number(step)];
      if (node === undefined) return offset;
      offset = (node as Node).range?.[0] ?? offset;
    }
  }
  return offset;
}

/** The parts of a zod definition that lead to the keys of objects. */
interface SchemaDef {
  readonly type?: string;
  readonly element?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  /** The branches of a union. */
  readonly options?: readonly Schema[];
  /** The schema in a wrapper: optional, default and the like. */
  readonly innerType?: Schema;
  /** The schema before a transform. */
  readonly in?: Schema;
}
interface Schema {
  readonly def: SchemaDef;
}

/** Keys that strict object schemas know at `path`; empty where the schema is not an object. */
function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let level = alternatives(schema as Schema);
  for (const step of path) {
    level = level.flatMap(({ def }) => {
      const next = def.type === 'array' ? def.element : def.shape?.[step];
      return next === undefined ? [] : alternatives(next);
    });
  }
  return level.flatMap(({ def }) => Object.keys(def.shape ?? {}));
}

/** The schemas that a schema stands for once wrappers are taken off: one, or the branches of a union. */
function alternatives(schema: Schema): Schema[] {
  const inner = schema.def.innerType ?? schema.def.in;
  if (inner !== undefined) return alternatives(inner);
  return schema.def.options?.flatMap(alternatives) ?? [schema];
}
