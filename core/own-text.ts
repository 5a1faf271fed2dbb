/** Owns text that stands on its own: a part of a longer one keeps all of that in memory. */

/** The same Latin-1 text, flat and in one piece; for what is kept of messages that come and go. */
export function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
