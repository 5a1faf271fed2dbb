/** Owns recognizing a peer that speaks HTTP/2 where another protocol was meant to be spoken. */
import { frameHeaderLength, frameType } from './protocol.ts';

/**
 * Whether octets from `start` to `end` begin as a server of HTTP/2 does: with a SETTINGS frame that acknowledges nothing, on the
 * connection itself (RFC 9113 section 3.4). No text begins with its first octet.
 */
export function isServerPreface(octets: Uint8Array, start = 0, end = octets.length): boolean {
  if (end - start < frameHeaderLength || octets[start] !== 0) return false;
  const [type, flags, ...stream] = octets.subarray(start + 3, start + frameHeaderLength);
  return type === frameType.settings && flags === 0 && stream.every((octet) => octet === 0);
}
