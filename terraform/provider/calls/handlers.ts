/** Owns what all of Terraform's calls have in common: how one is answered, and that what goes wrong is told as diagnostics, never thrown. */
import { IsthmusError } from '../../../core/errors.ts';
import { ToldAlready } from '../connection/gateway.ts';
import { type Diagnostic, diagnosticMessage, diagnosticsOf } from '../diagnostics.ts';
import type { Calls, Diagnosed, Request, Response } from '../protocol/messages.ts';

export type Handlers<C extends keyof Calls> = {
  readonly [K in C]: (request: Request<K>) => Promise<Response<K>>;
};

/** Before the name of everything that a provider offers, but functions. */
export const prefix = 'isthmus_';

/** The offered by the names that Terraform has for them. */
export function byTypeName<T extends { readonly name: string }>(
  offered: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(offered.map((one) => [prefix + one.name, one]));
}

/** Terraform asks only for what the schema has. Throws INTERNAL. */
export function named<T>(offered: ReadonlyMap<string, T>, name: string): T {
  const found = offered.get(name);
  if (found !== undefined) return found;
  throw new IsthmusError('INTERNAL', { what: `This provider has no ${name}` });
}

interface Done<T> {
  readonly answer: T;
  readonly warnings?: readonly Diagnostic[] | undefined;
}

/** The answer of `act`; where it fails `otherwise`, with what went wrong. */
export async function diagnosed<T extends object>(
  otherwise: T,
  act: () => Done<T> | Promise<Done<T>>,
): Promise<T & Diagnosed> {
  try {
    const { answer, warnings = [] } = await act();
    return { ...answer, diagnostics: warnings.map(diagnosticMessage) };
  } catch (thrown) {
    return { ...otherwise, diagnostics: diagnosticsOf(thrown).map(diagnosticMessage) };
  }
}

/** The same for what only looks: that the gateway can't be reached is told once, however many look. */
export async function lookedUp<T extends object>(
  otherwise: T,
  act: () => Done<T> | Promise<Done<T>>,
): Promise<T & Diagnosed> {
  return diagnosed(otherwise, async () => {
    try {
      return await act();
    } catch (thrown) {
      if (thrown instanceof ToldAlready) return { answer: otherwise };
      throw thrown;
    }
  });
}
