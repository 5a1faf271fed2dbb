/** Owns what policies change of a message's fields on its way: which go, and which come. */
import { fieldLines } from '../wire/http1/field-lines.ts';
import type { Fields } from './message.ts';

/** Names are in any case; of one field a list may hold several. */
export interface FieldChanges {
  /** Name and value in turns; each takes the place of all fields of its name. */
  readonly set?: Fields;
  /** Name and value in turns; each comes beside those of its name. */
  readonly add?: Fields;
  /** Names. */
  readonly remove?: readonly string[];
}

export class FieldEdits {
  /** Names, in lower case, of received fields that do not go on. */
  readonly drops: readonly string[];
  /** Name, in lower case, and value in turns. */
  readonly fields: Fields;
  /** The same as lines. */
  readonly lines: string;

  private constructor(drops: readonly string[], fields: Fields) {
    this.drops = drops;
    this.fields = fields;
    this.lines = fieldLines(fields);
  }

  /** Throws INTERNAL for a field that can't be sent. */
  static of({ set = [], add = [], remove = [] }: FieldChanges): FieldEdits {
    const names = set.filter((_, i) => i % 2 === 0);
    const drops = new Set([...names, ...remove].map((name) => name.toLowerCase()));
    const fields = [...set, ...add].map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
    return new FieldEdits([...drops], fields);
  }

  /** These, and `later` ones on top of them. */
  and(later: FieldEdits): FieldEdits {
    const gone = new Set(later.drops);
    const kept: string[] = [];
    for (let i = 0; i < this.fields.length; i += 2) {
      const name = this.fields[i] ?? '';
      if (!gone.has(name)) kept.push(name, this.fields[i + 1] ?? '');
    }
    return new FieldEdits(
      [...new Set([...this.drops, ...later.drops])],
      [...kept, ...later.fields],
    );
  }
}
