/** Owns being a data source of Terraform by one GET of the admin API: its parameters are what is given, its answer is what is told. */
import { z } from 'zod';
import { asIsthmusError, type ErrorCode } from '../../../core/errors.ts';
import type { Items } from '../../../gateway/control/api/answers.ts';
import type { Gateway } from '../connection/gateway.ts';
import { type Diagnostic, diagnosticOf, Refusal } from '../diagnostics.ts';
import type { DataSource } from '../offer.ts';
import { faults } from '../resources/validation.ts';
import { type Attributes, fieldOf } from '../schema/attribute.ts';
import { answerAttributes, bodyAttributes } from '../schema/from-zod.ts';
import { fromBody, toBody } from '../schema/wire.ts';
import type { ValueMap } from '../values/value.ts';

const nothing = z.strictObject({});

export interface Declared {
  /** Without the provider's name: `explain` is `isthmus_explain`. */
  readonly name: string;
  /** What it tells, in a sentence without its full stop. */
  readonly summary: string;
  /** With `{name}` for each of `params`. */
  readonly path: string;
  readonly params?: z.ZodObject;
  /** Parameters after the question mark. A list is sent with commas between. */
  readonly query?: z.ZodObject;
  /** The shape of the answer; of a list, of one of its items. */
  readonly answer: z.ZodType;
  /** The answer is a list, and this the attribute that holds it. */
  readonly list?: string;
  /** The attribute that is to be another where the gateway refuses with a code. */
  readonly blamed?: Partial<Readonly<Record<ErrorCode, string>>>;
}

export class Lookup implements DataSource {
  readonly name: string;
  readonly description: string;
  readonly attributes: Attributes;
  readonly #declared: Declared;
  readonly #params: Attributes;
  readonly #query: Attributes;
  readonly #told: Attributes;

  /** Throws INTERNAL for a shape that Terraform's schemas have no place for. */
  constructor(declared: Declared) {
    const { name, summary, params = nothing, query = nothing, answer, list } = declared;
    this.name = name;
    this.description = summary;
    this.#declared = declared;
    this.#params = bodyAttributes(params);
    this.#query = bodyAttributes(query);
    const given = { ...this.#params, ...this.#query };
    const told = answerAttributes(answer);
    // An answer repeats what was asked.
    const rest = Object.entries(told).filter(([attribute]) => !(attribute in given));
    this.#told =
      list === undefined ? Object.fromEntries(rest) : { [list]: listOf(told, summary, list) };
    this.attributes = { ...given, ...this.#told };
  }

  validate(config: ValueMap): readonly Diagnostic[] {
    const { params = nothing, query = nothing } = this.#declared;
    return [...faults(params, this.#params, config), ...faults(query, this.#query, config)];
  }

  async read(config: ValueMap, gateway: Gateway): Promise<ValueMap> {
    const { list } = this.#declared;
    const value = await this.#answer(config, gateway);
    const told = list === undefined ? value : { [list]: (value as Items<unknown>).items };
    return { ...config, ...fromBody(this.#told, told) };
  }

  async #answer(config: ValueMap, gateway: Gateway): Promise<object> {
    try {
      return (await gateway.get<object>(this.#path(config), this.#search(config))).value;
    } catch (thrown) {
      if (thrown instanceof Refusal) throw thrown;
      const error = asIsthmusError(thrown);
      const attribute = this.#declared.blamed?.[error.code];
      throw new Refusal(diagnosticOf(error, attribute === undefined ? undefined : [{ attribute }]));
    }
  }

  #path(config: ValueMap): string {
    return Object.entries(this.#params).reduce(
      (path, [name, attribute]) =>
        path.replace(`{${fieldOf(name, attribute)}}`, encodeURIComponent(String(config[name]))),
      this.#declared.path,
    );
  }

  #search(config: ValueMap): Record<string, string> {
    const given = Object.entries(toBody(this.#query, config, 'left out'));
    return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
  }
}

function listOf(item: Attributes, description: string, field: string): Attributes[string] {
  const shape = { kind: 'list', of: { kind: 'object', attributes: item } } as const;
  return { shape, setBy: 'computed', description, field };
}
