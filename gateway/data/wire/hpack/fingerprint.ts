/** Owns telling fields apart at a glance: a small number that differs between most of them. */
import { asString, codeOf } from './characters.ts';

/**
 * Of a field's lengths and a few of its characters: those that differ most between values that resemble each other. As
 * small as the engine keeps without allocating.
 */
export function fingerprint(name: string, value: string): number {
  const named = asString(name);
  const text = asString(value);
  const { length } = text;
  let print = Math.imul(named.length, 31) + length;
  print = Math.imul(print, 31) + codeOf(named, named.length - 1);
  print = Math.imul(print, 31) + codeOf(named, named.length >> 1);
  for (let i = Math.max(0, length - 4); i < length; i++) {
    print = Math.imul(print, 31) + codeOf(text, i);
  }
  if (length > 8) {
    for (let i = 0; i < 4; i++) print = Math.imul(print, 31) + codeOf(text, i);
    print = Math.imul(print, 31) + codeOf(text, length >> 1);
  }
  return (print ^ (print >>> 15)) & 0x3fff_ffff;
}
