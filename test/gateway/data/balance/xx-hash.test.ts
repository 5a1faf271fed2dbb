/** Specifies xxHash64 by values that others have published. */

import test from 'ava';
import fc from 'fast-check';
import { modulo, xxHash64 } from '../../../../gateway/data/balance/xx-hash.ts';

const wholeOf = ({ high, low }: { high: number; low: number }) =>
  (BigInt(high) << 32n) | BigInt(low);

for (const [text, seed, value] of [
  ['', 0, 0xef46db3751d8e999n],
  ['a', 0, 0xd24ec4f1a98c6e5bn],
  ['abc', 0, 0x44bc2cf5ad770999n],
  ['xxhash', 0, 0x32dd38952c4bc720n],
  ['xxhash', 20_141_025, 13_067_679_811_253_438_005n],
  ['message digest', 0, 0x066ed728fceeb3ben],
  ['Nobody inspects the spammish repetition', 0, 0xfbcea83c8a378bf1n],
] as const) {
  test(`xxHash64 of ${JSON.stringify(text)} with seed ${seed} is ${value.toString(16)}`, (t) => {
    t.is(wholeOf(xxHash64(Buffer.from(text), seed)), value);
  });
}

test('a hash modulo a table size is that of its 64 bits', (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 5_000_011 }), (bytes, divisor) => {
      const hash = xxHash64(bytes);
      return BigInt(modulo(hash, divisor)) === wholeOf(hash) % BigInt(divisor);
    }),
  );
  t.pass();
});
