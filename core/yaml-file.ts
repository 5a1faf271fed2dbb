/** Owns reading a YAML text against a schema, with every complaint placed at file:line:column. */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { type Environment, replaceReferences } from './environment-values.ts';
import { IsthmusError, messageOf } from './errors.ts';
import { closest } from './suggest.ts';

/** Aliases may repeat what they stand for this often: enough for people, too little for a billion laughs. */
const maxAliasCount = 100;

/**
 * Parses `text` as YAML 1.2 and validates it. `file` is only used to say where.
 * Throws CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY or CONFIG_INVALID, naming the first fault; an unknown key comes
 * before a missing one, for it is often that one misspelt. With an `environment`, values may refer to it.
 */
export function parseYaml<S extends z.ZodType>(
  schema: S,
  text: string,
  file: string,
  environment?: Environment,
): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const what = fault.code === 'MULTIPLE_DOCS' ? 'There is more than one document' : fault.message;
    throw new IsthmusError('CONFIG_SYNTAX', {
      what: what.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'Not YAML',
      where: at(fault.pos[0]),
    });
  }
  if (environment) {
    replaceReferences(document, environment, (what, offset) => {
      throw new IsthmusError('CONFIG_INVALID', { what, where: at(offset) });
    });
  }
  const value = plainValue(document, at) ?? {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;

  const issue = deepest(foremost(result.error.issues));
  const path = (issue?.path ?? []).map(String);
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const near = closest(key, knownKeys(schema, path));
    throw new IsthmusError('CONFIG_UNKNOWN_KEY', {
      what: `There is no key ${JSON.stringify(key)} ${path.length === 0 ? 'at the top level' : `in ${path.join('.')}`}`,
      where: at(offsetOf(document.contents, [...path, key])),
      fix: near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`,
    });
  }
  const name = path.length === 0 ? 'The document' : path.join('.');
  const isMissing = issue?.code === 'invalid_type' && valueAt(value, path) === undefined;
  throw new IsthmusError('CONFIG_INVALID', {
    what: isMissing ? `${name} is missing` : `${name}: ${issue?.message ?? 'invalid'}`,
    where: at(offsetOf(document.contents, path)),
  });
}

/** `file:line:column` of a key of a text that can be parsed, or of the nearest around it that is there. */
export function keyPlace(text: string, file: string, path: readonly string[]): string {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines });
  const { line, col } = lines.linePos(offsetOf(contents, path));
  return `${file}:${line}:${col}`;
}

/** The plain value of a document. Throws CONFIG_SYNTAX for an alias of nothing, or too many of them. */
function plainValue(document: Document, at: (offset: number) => string): unknown {
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
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
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
function offsetOf(root: Node | null, path: readonly string[]): number {
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
