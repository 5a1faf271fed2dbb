/** Owns packing strings into Huffman codes (RFC 7541 section 5.2). */
import { codeOf } from './characters.ts';
import { codeLengths, codes } from './huffman-code.ts';

/** Stands in for a character that one octet can't hold: a piece of it could be a line break. */
const substitute = 0x3f;

/** The octet that is sent for a character. */
export function octetOf(text: string, index: number): number {
  const code = codeOf(text, index);
  return code > 0xff ? substitute : code;
}

/** Octets that `text` takes in Huffman codes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += codeLengths[octetOf(text, i)] as number;
  return (bits + 7) >>> 3;
}

/** Writes `text` to `target` at `at`, where there is room for it. Returns the position after it. */
export function huffmanEncode(text: string, target: Uint8Array, at: number): number {
  let held = 0;
  let heldBits = 0;
  let position = at;
  for (let i = 0; i < text.length; i++) {
    const octet = octetOf(text, i);
    let code = codes[octet] as number;
    let length = codeLengths[octet] as number;
    // Up to 7 bits are held, and 32 is what a bit operation takes.
    if (length > 24) {
      held = (held << 8) | (code >>> (length - 8));
      target[position++] = held >>> heldBits;
      held &= (1 << heldBits) - 1;
      length -= 8;
      code &= (1 << length) - 1;
    }
    held = (held << length) | code;
    heldBits += length;
    while (heldBits >= 8) {
      heldBits -= 8;
      target[position++] = held >>> heldBits;
    }
    held &= (1 << heldBits) - 1;
  }
  // The last octet is filled with the first bits of the end-of-string code, all ones.
  if (heldBits > 0) target[position++] = (held << (8 - heldBits)) | (0xff >>> heldBits);
  return position;
}
