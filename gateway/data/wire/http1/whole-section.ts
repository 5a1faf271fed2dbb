/** Owns the quick way to read a head: all of it lies in one read, and nothing is wrong with it, as with nearly every one. */
import { findFieldId } from './field-names.ts';
import { marksPerField } from './field-section.ts';
import { colon, cr, isTokenOctet, lf, sp, tab } from './octets.ts';

/** Heads of more fields are read the other way. */
const maxFields = 64;

/** The marks of the section found last, offsets from its first octet. */
const marks = new Int32Array(maxFields * marksPerField + 1);

/** The result of the last search. */
export const found = { fields: 0, end: 0 };

/**
 * Whether there is a whole head from `start` on, without a mistake, before `stop`; it is in `found` then. False says
 * only that somebody has to look more closely.
 */
export function findWhole(buffer: Buffer, start: number, stop: number): boolean {
  let i = endOfText(buffer, start, stop);
  if (i === start || !endsLine(buffer, i, stop)) return false;
  i += 2;
  let at = 0;
  while (i < stop && buffer[i] !== cr) {
    if (at === maxFields * marksPerField) return false;
    const name = i;
    while (i < stop && isTokenOctet[buffer[i] as number] === 1) i++;
    if (i === stop || i === name || buffer[i] !== colon) return false;
    marks[at] = name - start;
    marks[at + 1] = i - start;
    marks[at + 2] = findFieldId(buffer, name, i);
    at += marksPerField;
    i = endOfText(buffer, i + 1, stop);
    if (!endsLine(buffer, i, stop)) return false;
    i += 2;
  }
  if (!endsLine(buffer, i, stop)) return false;
  marks[at] = i - start;
  found.fields = at / marksPerField;
  found.end = i + 2;
  return true;
}

/** A copy of the marks, as `FieldSection` takes them. */
export function foundMarks(): readonly number[] {
  const length = found.fields * marksPerField + 1;
  const copy = new Array<number>(length);
  for (let i = 0; i < length; i++) copy[i] = marks[i] as number;
  return copy;
}

/** The first index from `i` on, or `stop`, at which there is an octet that no field value holds. */
function endOfText(buffer: Buffer, i: number, stop: number): number {
  let at = i;
  while (at < stop) {
    const octet = buffer[at] as number;
    if (octet < sp ? octet !== tab : octet === del) break;
    at++;
  }
  return at;
}

const del = 0x7f;

function endsLine(buffer: Buffer, at: number, stop: number): boolean {
  return at + 1 < stop && buffer[at] === cr && buffer[at + 1] === lf;
}
