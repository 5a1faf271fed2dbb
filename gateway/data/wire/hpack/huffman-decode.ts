/** Owns unpacking Huffman codes: a state machine that eats half an octet a step (RFC 7541 section 5.2). */
import { codeLengths, codes, endOfString } from './huffman-code.ts';

const emits = 0x1_0000;
const fails = 0x2_0000;

/** By state and half octet: the next state, `symbol << 8`, and flags. A state is an inner node of the code's tree. */
const steps = new Uint32Array(256 * 16);
/** Whether a string may end in a state: after fewer than 8 bits of padding, all ones. */
const mayEnd = new Uint8Array(256);
buildMachine();

/** Most octets that `length` octets of Huffman codes unpack to: no code is shorter than 5 bits. */
export function unpackedBound(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Unpacks the octets from `start` to `end` into `target`, which has room for `unpackedBound` of them.
 * Returns how many came out, or -1 for a code that can't be: end-of-string, or padding that is too long or not all ones.
 */
export function huffmanDecode(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  let state = 0;
  let written = 0;
  for (let i = start; i < end; i++) {
    const octet = source[i] as number;
    const high = steps[(state << 4) | (octet >>> 4)] as number;
    if (high & emits) target[written++] = high >>> 8;
    const low = steps[((high & 0xff) << 4) | (octet & 0xf)] as number;
    if (low & emits) target[written++] = low >>> 8;
    if ((high | low) & fails) return -1;
    state = low & 0xff;
  }
  return mayEnd[state] === 1 ? written : -1;
}

function buildMachine(): void {
  // children[2 * node + bit]: an inner node, or ~symbol.
  const children: number[] = [0, 0];
  codeLengths.forEach((length, symbol) => {
    const code = codes[symbol] as number;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const slot = 2 * node + ((code >>> bit) & 1);
      if (children[slot] === 0) children[slot] = children.push(0, 0) / 2 - 1;
      node = children[slot] as number;
    }
    children[2 * node + (code & 1)] = ~symbol;
  });
  for (let state = 0; state < children.length / 2; state++) {
    for (let half = 0; half < 16; half++) steps[(state << 4) | half] = walk(children, state, half);
  }
  let node = 0;
  for (let padding = 0; padding < 8; padding++) {
    mayEnd[node] = 1;
    node = children[2 * node + 1] as number;
  }
}

function walk(children: readonly number[], state: number, half: number): number {
  let node = state;
  let flags = 0;
  for (let bit = 3; bit >= 0; bit--) {
    node = children[2 * node + ((half >>> bit) & 1)] as number;
    if (node >= 0) continue;
    const symbol = ~node;
    if (symbol === endOfString) return fails;
    flags = emits | (symbol << 8);
    node = 0;
  }
  return flags | node;
}
