/** Owns reading a YAML text of one document against a schema, with the complaint about it placed at file:line:column. */
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Environment, replaceReferences } from './environment-values.ts';
import { IsthmusError } from './errors.ts';
import { offsetOf, plainValue, schemaFaults, syntaxFault } from './yaml-faults.ts';

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
  const at = placesIn(lines, file);
  const fault = syntaxFault(document, at);
  if (fault) throw fault;
  if (environment) {
    replaceReferences(document, environment, (what, offset) => {
      throw new IsthmusError('CONFIG_INVALID', { what, where: at(offset) });
    });
  }
  const value = plainValue(document, at) ?? {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  throw schemaFaults({ schema, value, issues, root: document.contents, under: [], at })[0];
}

/** `file:line:column` of a key of a text that can be parsed, or of the nearest around it that is there. */
export function keyPlace(text: string, file: string, path: readonly string[]): string {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines });
  return placesIn(lines, file)(offsetOf(contents, path));
}

/** `file:line:column` of each offset. */
export function placesIn(lines: LineCounter, file: string): (offset: number) => string {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
}
