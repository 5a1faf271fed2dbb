/** Owns fields of which the values of some were not kept, and noting whether anybody has asked for one of those. */
import type { ReceivedFields } from '../message/message.ts';
import { idOfName } from '../wire/http1/field-names.ts';

export class WithheldFields implements ReceivedFields {
  readonly #fields: ReceivedFields;
  readonly #withheld: ReadonlySet<string>;
  readonly #ids: ReadonlySet<number>;
  #isAsked = false;

  /** `withheld`: names in lower case; none of them is among `fields`. */
  constructor(fields: ReceivedFields, withheld: readonly string[]) {
    this.#fields = fields;
    this.#withheld = new Set(withheld);
    this.#ids = new Set(withheld.map(idOfName));
  }

  /** Whether a value was asked for that is not known. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  get(name: string): string | undefined {
    return this.#isWithheld(name) ? '' : this.#fields.get(name);
  }

  all(name: string): readonly string[] {
    return this.#isWithheld(name) ? [''] : this.#fields.all(name);
  }

  getById(id: number): string | undefined {
    if (this.#ids.has(id)) this.#isAsked = true;
    return this.#fields.getById(id);
  }

  allById(id: number): readonly string[] {
    if (this.#ids.has(id)) this.#isAsked = true;
    return this.#fields.allById(id);
  }

  without(...asked: Parameters<ReceivedFields['without']>) {
    return this.#fields.without(...asked);
  }

  listWithout(...asked: Parameters<ReceivedFields['listWithout']>): string[] {
    return this.#fields.listWithout(...asked);
  }

  #isWithheld(name: string): boolean {
    const isIt = this.#withheld.has(name);
    if (isIt) this.#isAsked = true;
    return isIt;
  }
}
