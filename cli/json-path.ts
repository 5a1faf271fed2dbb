/**
 * Owns `-o jsonpath=TEMPLATE`: a subset of what kubectl takes. Text stands for itself, `{...}` for what a path finds; without braces
 * it is all one path. A path goes by `.field`, `['field']`, `[0]`, `[-1]`, `[*]`, `.*` and `..field` (at any depth).
 */
import { IsthmusError } from '../core/errors.ts';
import { printable } from './terminal.ts';

/** From a value to those one step on. */
type Step = (value: unknown) => readonly unknown[];
type Part = (value: unknown) => string;

/** Compiles a template. Throws USAGE for what it can't read. */
export function jsonPath(template: string): (value: unknown) => string {
  const parts = template.includes('{') ? templateParts(template) : [pathPart(template, template)];
  return (value) => parts.map((part) => part(value)).join('');
}

function templateParts(template: string): Part[] {
  const pieces = template.match(/\{"[^"]*"\}|\{[^{}"]*\}|[^{}]+|[{}]/g) ?? [];
  return pieces.map((piece) => {
    if (piece === '{' || piece === '}') throw unreadable(template, piece);
    if (!piece.startsWith('{')) return () => piece;
    const inner = piece.slice(1, -1).trim();
    if (!inner.startsWith('"')) return pathPart(inner, template);
    const text = escapesIn(inner.slice(1, -1));
    return () => text;
  });
}

/** `{"\n"}`: a shell hands over a backslash and an n. */
function escapesIn(text: string): string {
  const meant: Readonly<Record<string, string>> = { n: '\n', t: '\t' };
  return text.replace(/\\(.)/g, (_, c: string) => meant[c] ?? c);
}

/** The values that a path finds, as kubectl prints them: side by side, text as it is, the rest as JSON. */
function pathPart(path: string, template: string): Part {
  const steps = stepsOf(path, template);
  return (value) => {
    let found: readonly unknown[] = [value];
    for (const step of steps) found = found.flatMap(step);
    const texts = found.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    return printable(texts.join(' '));
  };
}

function stepsOf(path: string, template: string): Step[] {
  // `$` and a lone `.` are the whole; the first dot may be left out.
  const rest = path
    .replace(/^\$/, '')
    .replace(/^\.$/, '')
    .replace(/^(?=[\w*])/, '.');
  if (path === '') throw unreadable(template, path);
  const pattern = /(\.\.?)(?:([\w-]+)|(\*))|\[(?:(-?\d+)|(\*)|'([^']*)')\]/y;
  const steps: Step[] = [];
  for (let at = 0; at < rest.length; at = pattern.lastIndex) {
    const match = pattern.exec(rest);
    if (match === null) throw unreadable(template, rest.slice(at));
    const [, dots, field, , index, , quoted] = match;
    if (dots === '..') steps.push((value) => within(value));
    const name = field ?? quoted;
    if (name !== undefined) steps.push((value) => fieldOf(value, name));
    else if (index !== undefined) steps.push((value) => itemOf(value, Number(index)));
    else steps.push(childrenOf);
  }
  return steps;
}

function fieldOf(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
}

function itemOf(value: unknown, index: number): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  const at = index < 0 ? value.length + index : index;
  return at in value ? [value[at]] : [];
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/** A value and all that is in it. */
function within(value: unknown): readonly unknown[] {
  return [value, ...childrenOf(value).flatMap(within)];
}

function unreadable(template: string, at: string): IsthmusError {
  return new IsthmusError('USAGE', {
    what: `-o jsonpath can't read ${JSON.stringify(template)} from ${JSON.stringify(at)} on`,
    fix: `Write a path of .field, ['field'], [0], [*] and ..field, as in -o jsonpath='{.items[*].cluster}'. There are no filters and no ranges; for those use -o json and jq.`,
  });
}
