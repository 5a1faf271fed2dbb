/** Owns reading a YAML text against a schema, with every complaint placed at file:line:column. */
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { IsthmusError } from './errors.ts';
import { closest } from './suggest.ts';

/**
 * Parses `text` as YAML 1.2 and validates it. `file` is only used to say where.
 * Throws CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY or CONFIG_INVALID, naming the first fault.
 */
export function parseYaml<S extends z.ZodType>(schema: S, text: string, file: string): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    throw new IsthmusError('CONFIG_SYNTAX', {
      what: fault.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'Not YAML',
      where: at(fault.pos[0]),
    });
  }
  const result = schema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (result.success) return result.data;

  const issue = deepest(result.error.issues[0]);
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
  throw new IsthmusError('CONFIG_INVALID', {
    what: `${path.length === 0 ? 'The document' : path.join('.')}: ${issue?.message ?? 'invalid'}`,
    where: at(offsetOf(document.contents, path)),
  });
}

/** The innermost complaint: a union reports each branch; the branch that got furthest is the one meant. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const branches = issue.errors.flatMap((branch) => (branch[0] ? [branch[0]] : []));
  const best = branches.sort((a, b) => b.path.length - a.path.length)[0];
  if (!best || best.path.length === 0)
    return best?.code === 'unrecognized_keys' ? prefixed(issue, best) : issue;
  return deepest(prefixed(issue, best));
}

function prefixed(outer: z.core.$ZodIssue, inner: z.core.$ZodIssue): z.core.$ZodIssue {
  return { ...inner, path: [...outer.path, ...inner.path] };
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

/** Keys a strict object schema knows at `path`; empty where the schema is not an object. */
function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let current: unknown = schema;
  for (const step of [...path, undefined]) {
    current = unwrapped(current);
    const def = (
      current as { def?: { type?: string; element?: unknown; shape?: Record<string, unknown> } }
    ).def;
    if (step === undefined) return Object.keys(def?.shape ?? {});
    current = def?.type === 'array' ? def.element : def?.shape?.[step];
    if (current === undefined) return [];
  }
  return [];
}

function unwrapped(schema: unknown): unknown {
  let current = schema as { def?: { innerType?: unknown; in?: unknown } };
  for (;;) {
    const inner = current.def?.innerType ?? current.def?.in;
    if (inner === undefined) return current;
    current = inner as typeof current;
  }
}
