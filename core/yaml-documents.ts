/** Owns reading a text of several YAML documents, which JSON is too, with every complaint about any of them placed at file:line:column. */
import { LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { asIsthmusError, type IsthmusError } from './errors.ts';
import { offsetOf, plainValue, schemaFaults, syntaxFault } from './yaml-faults.ts';
import { placesIn } from './yaml-file.ts';

/** A value of a document, or a document as a whole, that knows where its parts stand. */
export class Placed {
  readonly value: unknown;
  readonly #root: Node | null;
  readonly #under: readonly string[];
  readonly #at: (offset: number) => string;

  constructor(
    value: unknown,
    root: Node | null,
    under: readonly string[],
    at: (offset: number) => string,
  ) {
    this.value = value;
    this.#root = root;
    this.#under = under;
    this.#at = at;
  }

  /** `file:line:column` of a key of it, or of the nearest around it that is there. */
  place(path: readonly string[] = []): string {
    return this.#at(offsetOf(this.#root, [...this.#under, ...path]));
  }

  /** What stands at a path in it. */
  within(path: readonly string[]): Placed {
    const step = (at: unknown, key: string) => (at as Record<string, unknown> | undefined)?.[key];
    const value = path.reduce<unknown>(step, this.value);
    return new Placed(value, this.#root, [...this.#under, ...path], this.#at);
  }

  /** What a schema makes of it, or all that it complains about: CONFIG_UNKNOWN_KEY and CONFIG_INVALID. */
  check<S extends z.ZodType>(schema: S): Checked<z.output<S>> {
    const result = schema.safeParse(this.value);
    if (result.success) return { ok: true, value: result.data };
    const faults = schemaFaults({
      ...{ schema, value: this.value, issues: result.error.issues },
      ...{ root: this.#root, under: this.#under, at: this.#at },
    });
    return { ok: false, faults };
  }
}

type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly IsthmusError[] };

/** The documents of a text that are not empty, and CONFIG_SYNTAX for each that can't be read. `file` is only used to say where. */
export function readDocuments(
  text: string,
  file: string,
): { readonly documents: readonly Placed[]; readonly faults: readonly IsthmusError[] } {
  const lines = new LineCounter();
  const at = placesIn(lines, file);
  const documents: Placed[] = [];
  const faults: IsthmusError[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true })) {
    const fault = syntaxFault(document, at);
    if (fault) {
      faults.push(fault);
      continue;
    }
    try {
      const value = plainValue(document, at);
      if (value !== null) documents.push(new Placed(value, document.contents, [], at));
    } catch (thrown) {
      faults.push(asIsthmusError(thrown));
    }
  }
  return { documents, faults };
}
