/** Owns field lines as text that is safe to send, valid by construction. */
import { IsthmusError } from '../../../../core/errors.ts';
import { isFieldContent, isToken } from './grammar.ts';

declare const brand: unique symbol;

/** Whole field lines, each with its CRLF, in Latin-1: received and validated, or made by `fieldLines`. */
export type FieldLines = string & { readonly [brand]: 'FieldLines' };

export const noLines = '' as FieldLines;

/** Framing is the encoder's own business: written by `framingLines`, never as a field. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/**
 * Field lines of a flat list (name, value, name, value ...). Throws INTERNAL on a name that is no token, on
 * a value with an octet that is in no field (CR, LF, NUL, beyond Latin-1), and on a framing field.
 */
export function fieldLines(fields: readonly string[]): FieldLines {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    if (!isToken(name)) {
      throw unsendable(`The field name ${JSON.stringify(name.slice(0, 80))} is no token`);
    }
    if (framing.has(name.toLowerCase())) throw unsendable(`${name} is not set as a field`);
    if (!isFieldContent(value)) {
      throw unsendable(`The value of ${name} holds what no field may`);
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines as FieldLines;
}

export function joinLines(a: FieldLines, b: FieldLines): FieldLines {
  return (a + b) as FieldLines;
}

/** A message that must not be sent: a mistake of ours, found before an octet of it was written. */
export function unsendable(what: string): IsthmusError {
  return new IsthmusError('INTERNAL', { what });
}
