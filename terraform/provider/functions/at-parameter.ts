/** Owns telling a fault of a function's argument at the parameter that it was given for. */
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';

export function atParameter<T>(parameter: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    const { code, message, fix } = asIsthmusError(thrown);
    throw new IsthmusError(code, { what: message, where: parameter, fix, cause: thrown });
  }
}
