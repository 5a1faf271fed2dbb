/** Owns turning lines that many messages carry into a flat list: taken apart once, not for each message. */
import type { Fields } from './message.ts';

/** Lines that were taken apart, and what came of it. */
interface Apart {
  readonly lines: string;
  readonly list: Fields;
}

/** A power of two. Lines that fall into the same place only cost each other the memory of it. */
const places = 256;
/** Longer ones, which hold what others have said, are not kept. */
const longest = 1024;
const known: (Apart | undefined)[] = new Array(places).fill(undefined);

/** Appends the names and values of `lines`, each of which ends with CRLF. */
export function pushLines(fields: string[], lines: string): void {
  const list = listOf(lines);
  for (let i = 0; i < list.length; i++) fields.push(list[i] as string);
}

function listOf(lines: string): Fields {
  const place = placeOf(lines);
  const apart = known[place];
  if (apart !== undefined && apart.lines === lines) return apart.list;
  const list: string[] = [];
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) list.push(line.slice(0, colon), line.slice(colon + 2));
  }
  if (lines.length <= longest) known[place] = { lines, list };
  return list;
}

/** By the length and the last octets before the CRLF, where lines that resemble each other differ most. */
function placeOf(lines: string): number {
  const { length } = lines;
  const last = lines.charCodeAt(length - 3) + 10 * lines.charCodeAt(length - 4);
  return (length * 31 + last * 7 + lines.charCodeAt(length >> 1)) & (places - 1);
}
