/** Owns copying a piece of text: a slice would keep the whole text it is of in memory. */

/** The same Latin-1 text, flat and in one piece; for text that is kept of messages that come and go. */
export function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
