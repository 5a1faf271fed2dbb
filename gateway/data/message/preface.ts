/** Owns telling HTTP/2 by prior knowledge from HTTP/1.1, by the first octets of a connection. */

/** RFC 9113 section 3.4; no method of HTTP/1.1 is called PRI. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Whether the preface, or a part of it that is all there is, is what `octets` begin with. */
export function matchPreface(octets: Buffer): 'whole' | 'part' | 'none' {
  const length = Math.min(octets.length, preface.length);
  if (octets[0] !== preface[0]) return 'none';
  if (octets.compare(preface, 0, length, 0, length) !== 0) return 'none';
  return length === preface.length ? 'whole' : 'part';
}
