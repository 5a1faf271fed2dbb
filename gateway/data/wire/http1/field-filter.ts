/** Owns which fields are taken out of a section before it goes on, decided once per well-known name. */
import { fieldId, wellKnownNames } from './field-names.ts';

export class FieldFilter {
  /** Whether a field goes whose name, in lower case, is not well known. */
  readonly drops: (name: string) => boolean;
  readonly #dropsKnown: Uint8Array;

  /** `drops` is asked with names in lower case; its answer for a name never changes. */
  constructor(drops: (name: string) => boolean) {
    this.drops = drops;
    this.#dropsKnown = Uint8Array.from(wellKnownNames, (name, id) =>
      id !== fieldId.unknown && drops(name) ? 1 : 0,
    );
  }

  /** Whether a field goes whose name is well known by that number. */
  dropsKnown(id: number): boolean {
    return this.#dropsKnown[id] === 1;
  }
}
