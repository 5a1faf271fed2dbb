/** Owns how one thing is described to a person: fields, then sections under titles, empty ones in words. */
import { renderFields, type View } from './table.ts';
import { moment, span } from './words.ts';

export type Field = readonly [name: string, value: string | undefined];

export interface Section {
  readonly title: string;
  /** Laid out; '' where there is nothing. */
  readonly body: (view: View) => string;
  /** The sentence of an empty section: it names what was looked for. */
  readonly none: string;
}

const indent = '  ';

/** Undefined values are left out. */
export function describe(
  fields: readonly Field[],
  sections: readonly Section[],
  view: View,
): string {
  const parts = sections.map(({ title, body, none }) => {
    const text = body({ ...view, room: view.room - indent.length }) || none;
    return `${view.paint('bold', title)}\n${text.replace(/^(?=.)/gm, indent)}`;
  });
  const head = fieldLines(fields, view);
  return [...(head === '' ? [] : [head]), ...parts].join('\n\n');
}

export function fieldLines(fields: readonly Field[], view: View): string {
  const known = fields.filter((field): field is [string, string] => field[1] !== undefined);
  return known.length === 0 ? '' : renderFields(known, view);
}

/** `2026-11-21 09:00:00Z, 2 h 5 min ago`; undefined for what never was. */
export function when(at: number | undefined, now = Date.now()): string | undefined {
  if (at === undefined) return undefined;
  const away = at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`;
  return `${moment(at)}, ${away}`;
}
