/** Owns finding the end of a head or trailer section, octet by octet across any number of reads, and validating each. */
import { findFieldId } from './field-names.ts';
import { FieldSection, marksPerField } from './field-section.ts';
import type { Http1Limits } from './limits.ts';
import { colon, cr, isFieldOctet, isTokenOctet, lf, sp, tab } from './octets.ts';
import { type Refusal, type RefusalCode, refusals } from './refusal.ts';
import { findWhole, found, foundMarks } from './whole-section.ts';

type State = 'start-line' | 'line-end' | 'field' | 'name' | 'value' | 'section-end';

/** A whole section: `text` begins with the start line, if there is one, which ends (without its CRLF) at `startLineEnd`. */
export interface Section {
  readonly kind: 'section';
  readonly text: string;
  readonly startLineEnd: number;
  readonly fields: FieldSection;
}

type Scan = Section | Refusal | undefined;

/**
 * Every octet is looked at once. Offsets count from the section's first octet, wherever the reads cut it; what
 * a read leaves unfinished is copied, at most `maxHeadBytes`. The grammar is that of RFC 9112 sections 2.2
 * and 5, without any of its leniency: no bare LF (2.2), no white space before the colon (5.1), no folding (5.2).
 */
export class SectionScanner {
  readonly #limits: Http1Limits;
  #state: State = 'start-line';
  #marks: number[] = [];
  #kept: Buffer | undefined;
  #keptBytes = 0;
  /** Offset in the buffer of the last call up to which it has been read. */
  position = 0;

  constructor(limits: Http1Limits) {
    this.#limits = limits;
  }

  /** Octets held between calls. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Gets ready for a section; after every one it is ready for a head. */
  begin(first: 'start-line' | 'field'): void {
    this.#state = first;
    this.#marks = [];
    this.#keptBytes = 0;
    this.#kept = undefined;
  }

  /** Undefined: the section goes on beyond `end`. */
  scan(buffer: Buffer, start: number, end: number): Scan {
    const { maxHeadBytes, maxStartLineBytes, maxFields } = this.#limits;
    if (this.#state === 'start-line' && this.#keptBytes === 0) {
      const whole = this.#whole(buffer, start, Math.min(end, start + maxHeadBytes));
      if (whole !== undefined) return whole;
    }
    /** Added to an index into the buffer, it gives the offset in the section. */
    const shift = this.#keptBytes - start;
    const stop = Math.min(end, maxHeadBytes - shift);
    const marks = this.#marks;
    let state = this.#state;
    let i = start;
    while (i < stop) {
      switch (state) {
        case 'start-line': {
          const lineStop = Math.min(stop, maxStartLineBytes + 1 - shift);
          i = skip(isFieldOctet, buffer, i, lineStop);
          if (i === lineStop) {
            if (i + shift > maxStartLineBytes) return this.#refuse('start-line-too-long', i);
            break;
          }
          if (buffer[i] !== cr) return this.#refuse(strayOctet(buffer[i]), i);
          if (i + shift === 0) return this.#refuse('start-line-invalid', i);
          i++;
          state = 'line-end';
          break;
        }
        case 'line-end':
          if (buffer[i] !== lf) return this.#refuse('bare-cr', i);
          i++;
          state = 'field';
          break;
        case 'field': {
          const octet = buffer[i] as number;
          if (octet === cr) {
            marks.push(i + shift);
            i++;
            state = 'section-end';
            break;
          }
          if (isTokenOctet[octet] !== 1) return this.#refuse(badLineStart(octet), i);
          if (marks.length === maxFields * marksPerField) {
            return this.#refuse('too-many-fields', i);
          }
          marks.push(i + shift);
          i++;
          state = 'name';
          break;
        }
        case 'name':
          i = skip(isTokenOctet, buffer, i, stop);
          if (i === stop) break;
          if (buffer[i] !== colon) return this.#refuse(badNameEnd(buffer[i]), i);
          marks.push(i + shift, 0);
          i++;
          state = 'value';
          break;
        case 'value':
          i = skip(isFieldOctet, buffer, i, stop);
          if (i === stop) break;
          if (buffer[i] !== cr) return this.#refuse(strayOctet(buffer[i]), i);
          i++;
          state = 'line-end';
          break;
        case 'section-end':
          if (buffer[i] !== lf) return this.#refuse('bare-cr', i);
          i++;
          this.position = i;
          return this.#finish(buffer, start, i);
      }
    }
    this.#state = state;
    this.position = i;
    if (i + shift === maxHeadBytes) return this.#refuse('head-too-large', i);
    this.#keep(buffer, start, i);
    return undefined;
  }

  /** The same for a head that is all there and right. */
  #whole(buffer: Buffer, start: number, stop: number): Section | undefined {
    if (!findWhole(buffer, start, stop)) return undefined;
    const { maxFields, maxStartLineBytes } = this.#limits;
    const marks = foundMarks();
    const startLineEnd = (marks[0] as number) - 2;
    if (found.fields > maxFields || startLineEnd > maxStartLineBytes) return undefined;
    this.position = found.end;
    const text = buffer.toString('latin1', start, found.end);
    return { kind: 'section', text, startLineEnd, fields: new FieldSection(text, marks) };
  }

  #finish(buffer: Buffer, start: number, end: number): Section {
    if (this.#kept === undefined) return this.#sectionIn(buffer, start, end);
    this.#keep(buffer, start, end);
    return this.#sectionIn(this.#kept, 0, this.#keptBytes);
  }

  #sectionIn(octets: Buffer, start: number, end: number): Section {
    const marks = this.#marks;
    this.begin('start-line');
    for (let at = 0; at < marks.length - 1; at += marksPerField) {
      const nameEnd = start + (marks[at + 1] as number);
      marks[at + 2] = findFieldId(octets, start + (marks[at] as number), nameEnd);
    }
    const text = octets.toString('latin1', start, end);
    const fields = new FieldSection(text, marks);
    return { kind: 'section', text, startLineEnd: (marks[0] as number) - 2, fields };
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    const needed = this.#keptBytes + end - start;
    if (this.#kept === undefined || this.#kept.length < needed) {
      const room = Math.min(this.#limits.maxHeadBytes, Math.max(512, 2 * needed));
      const larger = Buffer.allocUnsafe(room);
      this.#kept?.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    buffer.copy(this.#kept, this.#keptBytes, start, end);
    this.#keptBytes = needed;
  }

  #refuse(code: RefusalCode, at: number): Refusal {
    this.begin('start-line');
    this.position = at;
    return refusals[code];
  }
}

/** The code for an octet that can neither be in a line nor end it. */
function strayOctet(octet: number | undefined): RefusalCode {
  return octet === lf ? 'bare-lf' : 'control-character';
}

function badLineStart(octet: number): RefusalCode {
  if (octet === sp || octet === tab) return 'line-folded';
  return octet === lf ? 'bare-lf' : 'field-name-invalid';
}

function badNameEnd(octet: number | undefined): RefusalCode {
  if (octet === sp || octet === tab) return 'space-before-colon';
  if (octet === lf) return 'bare-lf';
  return octet === cr ? 'colon-missing' : 'field-name-invalid';
}

/** The first index from `i` on, or `stop`, at which there is an octet not of `table`. */
function skip(table: Uint8Array, buffer: Buffer, i: number, stop: number): number {
  while (i < stop && table[buffer[i] as number] === 1) i++;
  return i;
}
