/** Owns the identifiers of traces and spans: random, in hexadecimal, never all zero. */
import type { Random } from '../../../core/clock.ts';

function word(random: Random): string {
  return Math.floor(random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
}

/** 16 octets. */
export function newTraceId(random: Random): string {
  const id = word(random) + word(random) + word(random) + word(random);
  return /^0+$/.test(id) ? newTraceId(random) : id;
}

/** 8 octets. */
export function newSpanId(random: Random): string {
  const id = word(random) + word(random);
  return id === '0000000000000000' ? newSpanId(random) : id;
}
