/** Owns what commands print: data on standard output in the asked-for format, errors and notes on standard error. */
import type { IsthmusError } from '../core/errors.ts';
import { messageOf } from '../core/errors.ts';
import { type Paint, printable } from './terminal.ts';

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format =
  | (typeof formats)[number]
  | typeof jsonSchemaFormat
  | `${typeof jsonPathPrefix}${string}`;

/** Of verbs that show what may be said, instead of what is. */
export const jsonSchemaFormat = 'json-schema';

/** A JSONPath template follows this prefix. */
export const jsonPathPrefix = 'jsonpath=';

/** Machine-readable text of `value`, keys sorted at every level so that two runs can be compared. */
export function serialize(value: unknown, format: 'json' | 'yaml'): string {
  const ordered = sorted(value);
  return format === 'json' ? JSON.stringify(ordered, null, 2) : yamlOf(ordered);
}

let yaml: typeof import('yaml') | undefined;

/** Loads what a format needs, before anything is printed in it: it takes longer than most commands do. */
export async function readyFor(format: Format): Promise<void> {
  if (format === 'yaml') yaml ??= await import('yaml');
}

function yamlOf(value: unknown): string {
  if (yaml === undefined) throw new Error('readyFor comes first');
  return yaml.stringify(value).trimEnd();
}

/** An error as the user reads it: a problem object with `-o json` or `yaml`, else what, where and what to do. */
export function renderError(error: IsthmusError, format: Format, paint: Paint): string {
  if (format === 'json' || format === 'yaml') return serialize(error.toProblem(), format);
  const where = error.where === undefined ? '' : ` (${printable(error.where)})`;
  const lines = [
    `${paint('red', 'error')} ${paint('bold', error.code)}: ${printable(error.message)}${where}`,
    `  fix: ${printable(error.fix)}`,
  ];
  // An error that nobody foresaw needs its trace, or it can't be reported.
  if (error.code === 'INTERNAL') lines.push(...traces(error.cause));
  return lines.join('\n');
}

function traces(cause: unknown): string[] {
  if (cause === undefined) return [];
  const trace = cause instanceof Error ? (cause.stack ?? cause.message) : messageOf(cause);
  return [printable(trace), ...traces(cause instanceof Error ? cause.cause : undefined)];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
