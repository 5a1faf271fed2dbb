/** Owns the calls of the provider's functions. */
import { asIsthmusError } from '../../../core/errors.ts';
import type { ProviderFunction } from '../offer.ts';
import type { FunctionMessage, Response } from '../protocol/messages.ts';
import { typeConstraint } from '../schema/message.ts';
import { readValue, writeValue } from '../values/dynamic-value.ts';
import { type Handlers, named } from './handlers.ts';

export function functionCalls(
  functions: readonly ProviderFunction[],
): Handlers<'GetFunctions' | 'CallFunction'> {
  const byName = new Map(functions.map((one) => [one.name, one]));
  return {
    async GetFunctions() {
      return { functions: functionMessages(functions), diagnostics: [] };
    },
    async CallFunction({ name, arguments: given }) {
      const { parameters, call } = named(byName, name);
      try {
        const values = parameters.map(({ shape }, at) => readValue(given[at], shape));
        return { result: writeValue(call(...values)), error: null };
      } catch (thrown) {
        return { result: writeValue(null), error: errorOf(thrown, parameters) };
      }
    },
  };
}

/** A fault is at the argument that it names, or at the only one there is. */
function errorOf(
  thrown: unknown,
  parameters: ProviderFunction['parameters'],
): Response<'CallFunction'>['error'] {
  const { message, where, fix } = asIsthmusError(thrown);
  const at = parameters.length === 1 ? 0 : parameters.findIndex(({ name }) => name === where);
  // Terraform ends it with a full stop.
  return {
    text: `${message}. ${fix.replace(/\.$/, '')}`,
    ...(at >= 0 && { function_argument: at }),
  };
}

export function functionMessages(
  functions: readonly ProviderFunction[],
): Record<string, FunctionMessage> {
  return Object.fromEntries(
    functions.map(({ name, description, parameters, returns }) => [
      name,
      {
        parameters: parameters.map((one) => ({
          name: one.name,
          type: typeConstraint(one.shape),
          description: one.description,
          description_kind: 'MARKDOWN',
        })),
        return: { type: typeConstraint(returns) },
        summary: description,
        description,
        description_kind: 'MARKDOWN',
      },
    ]),
  );
}
