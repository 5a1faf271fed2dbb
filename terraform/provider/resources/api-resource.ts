/** Owns being a resource of Terraform by what the admin API declares of its kind: GET, PUT and DELETE of one, each on its condition. */
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Resource } from '../../../gateway/control/api/resource.ts';
import type { Gateway } from '../connection/gateway.ts';
import { type Diagnostic, diagnosticOf, Refusal } from '../diagnostics.ts';
import type { ManagedResource, Plan, Stored } from '../offer.ts';
import { valuesOf } from '../schema/attribute.ts';
import { inWordsOf } from '../schema/sameness.ts';
import { fromBody, toBody } from '../schema/wire.ts';
import { conforms, type ValueMap } from '../values/value.ts';
import { identityOf, type Kind, kindOf, pathOf } from './kind.ts';
import { planned } from './planning.ts';
import { attributePath, faults } from './validation.ts';

type Json = Readonly<Record<string, unknown>>;

/** What was answered, and its tag for `If-Match`. */
interface Answered {
  readonly value: Json;
  readonly etag?: string | undefined;
}

export class ApiResource implements ManagedResource {
  readonly #declared: Resource;
  #known: Kind | undefined;

  constructor(declared: Resource) {
    this.#declared = declared;
  }

  /** Made when it is asked for: most processes of a provider are asked for few kinds. Throws INTERNAL where `kindOf` does. */
  get #kind(): Kind {
    this.#known ??= kindOf(this.#declared);
    return this.#known;
  }

  get name(): string {
    return this.#declared.name;
  }

  get description(): string {
    return this.#declared.summary;
  }

  get attributes(): Kind['attributes'] {
    return this.#kind.attributes;
  }

  validate(config: ValueMap): readonly Diagnostic[] {
    const { declared, params, body } = this.#kind;
    return [...faults(declared.params, params, config), ...faults(declared.body, body, config)];
  }

  plan(config: ValueMap, prior: ValueMap | null): Plan {
    return planned(this.attributes, identityOf(this.#kind), config, prior);
  }

  /** One that is there already is nobody's to overwrite: only if it is just as asked for it is taken over. */
  async create(values: ValueMap, gateway: Gateway): Promise<Stored> {
    const condition = this.#kind.declared.isGiven ? {} : { 'if-none-match': '*' };
    try {
      return this.#stored(values, await this.#put(values, gateway, condition));
    } catch (thrown) {
      if (!isCode(thrown, 'PRECONDITION_FAILED')) throw this.#refusal(thrown);
      const there = await this.#taken(values, gateway);
      if (there !== undefined) return { ...there, warnings: [takenOver(this.name)] };
      throw new Refusal({
        severity: 'error',
        summary: 'There is one already',
        detail: `The gateway has another ${this.#called(values)}, which this configuration did not make.\n\nUse another name, or take it into the state and have it changed: terraform import ADDRESS '${this.#id(values)}'`,
      });
    }
  }

  async read({ state }: Stored, gateway: Gateway): Promise<Stored | undefined> {
    try {
      return this.#stored(state, await gateway.get<Json>(pathOf(this.#kind, state)));
    } catch (thrown) {
      if (isGone(thrown)) return undefined;
      throw this.#refusal(thrown);
    }
  }

  async update(values: ValueMap, { tag }: Stored, gateway: Gateway): Promise<Stored> {
    try {
      const condition = tag === undefined ? {} : { 'if-match': tag };
      return this.#stored(values, await this.#put(values, gateway, condition));
    } catch (thrown) {
      if (!isCode(thrown, 'PRECONDITION_FAILED')) throw this.#refusal(thrown);
      return (await this.#taken(values, gateway)) ?? this.#conflict(values, 'changed');
    }
  }

  async delete({ state, tag }: Stored, gateway: Gateway): Promise<void> {
    const path = pathOf(this.#kind, state);
    try {
      await gateway.send('DELETE', path, undefined, tag === undefined ? {} : { 'if-match': tag });
    } catch (thrown) {
      if (isGone(thrown)) return;
      if (!isCode(thrown, 'PRECONDITION_FAILED')) throw this.#refusal(thrown);
      // The gateway knows no tag of what is gone, nor does a request that was answered into the void and sent again.
      if ((await this.#found(state, gateway)) !== undefined) this.#conflict(state, 'deleted');
    }
  }

  named(id: string): ValueMap {
    const identity = identityOf(this.#kind);
    const parts = id.split('/');
    if (parts.length !== identity.length || parts.includes('')) {
      throw new Refusal({
        severity: 'error',
        summary: 'Invalid import ID',
        detail: `${JSON.stringify(id.slice(0, 200))} does not name a ${this.name}. Write ${this.importForm}.`,
      });
    }
    return valuesOf(this.attributes, (_, name) => parts[identity.indexOf(name)] ?? null);
  }

  /** How one is named on the command line: `NAMESPACE/SERVICE/ID`. */
  get importForm(): string {
    return identityOf(this.#kind)
      .map((name) => name.toUpperCase())
      .join('/');
  }

  #put(
    values: ValueMap,
    gateway: Gateway,
    condition: Readonly<Record<string, string>>,
  ): Promise<Answered> {
    const body = toBody(this.#kind.body, values, 'left out');
    return gateway.send<Json>('PUT', pathOf(this.#kind, values), body, condition);
  }

  async #found(values: ValueMap, gateway: Gateway): Promise<Answered | undefined> {
    try {
      return await gateway.get<Json>(pathOf(this.#kind, values));
    } catch (thrown) {
      if (isGone(thrown)) return undefined;
      throw this.#refusal(thrown);
    }
  }

  /** What the gateway has, if that is just what is wanted: asked for by somebody else, or by a request whose answer was lost. */
  async #taken(values: ValueMap, gateway: Gateway): Promise<Stored | undefined> {
    const found = await this.#found(values, gateway);
    if (found === undefined) return undefined;
    const stored = this.#stored(values, found);
    return conforms(stored.state, values) ? stored : undefined;
  }

  /** The state that an answer is of, in the words that it was asked for in. */
  #stored(written: ValueMap, { value, etag }: Answered): Stored {
    return {
      state: inWordsOf(
        this.attributes,
        written,
        { ...this.#told(value), ...this.#identity(written) },
        'gateway',
      ),
      tag: etag,
    };
  }

  #told(answer: Json): ValueMap {
    const { body, told, declared } = this.#kind;
    const held = declared.holds === undefined ? answer : answer[declared.holds];
    return { ...fromBody(told, answer), ...fromBody(body, held) };
  }

  #identity(values: ValueMap): ValueMap {
    return valuesOf(this.#kind.params, (_, name) => values[name] ?? null);
  }

  #conflict(values: ValueMap, todo: 'changed' | 'deleted'): never {
    throw new Refusal({
      severity: 'error',
      summary: 'Changed meanwhile',
      detail: `Somebody has changed the ${this.#called(values)} since this was planned, so it was not ${todo}.\n\nPlan again, and see what is there now.`,
    });
  }

  /** What the gateway refuses of a body is told at its attribute. */
  #refusal(thrown: unknown): unknown {
    if (thrown instanceof Refusal) return thrown;
    const error = asIsthmusError(thrown);
    const { params, body } = this.#kind;
    const fields = error.where?.split('.') ?? [];
    const of = { BODY_INVALID: body, NAME_INVALID: params }[error.code as string];
    const at = of && attributePath(of, fields);
    return new Refusal(diagnosticOf(error, at?.length ? at : undefined));
  }

  #called(values: ValueMap): string {
    return `${this.name.replaceAll('_', ' ')} ${this.#id(values)}`;
  }

  #id(values: ValueMap): string {
    return identityOf(this.#kind)
      .map((name) => values[name])
      .join('/');
  }
}

function takenOver(name: string): Diagnostic {
  return {
    severity: 'warning',
    summary: 'There already, and taken over',
    detail: `The gateway has this ${name.replaceAll('_', ' ')}, just as it is asked for: from a run that was cut short, or from somebody else. It is in the state now; a destroy deletes it.`,
  };
}

function isCode(thrown: unknown, code: IsthmusError['code']): boolean {
  return thrown instanceof IsthmusError && thrown.code === code;
}

/** A gateway that has no such path is an old one, and says nothing of whether it is there. */
function isGone(thrown: unknown): boolean {
  return (
    thrown instanceof IsthmusError &&
    thrown.kind === 'not-found' &&
    thrown.code !== 'ROUTE_NOT_FOUND'
  );
}
