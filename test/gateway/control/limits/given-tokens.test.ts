/** Specifies the account of what gateways let through of limits that they share, and what is charged of another's. */
import test from 'ava';
import { chargesBetween, GivenAccount } from '../../../../gateway/control/limits/given-tokens.ts';

const policies = new Map([
  [1, 'RateLimit/shop/few'],
  [2, 'RateLimit/shop/many'],
]);

function given(account: GivenAccount, key: bigint, policy: number, count: number, now = 0): void {
  account.add([{ key, policy, count }], (mark) => policies.get(mark), now);
}

test('counts add up by policy and bucket; those of policies that are no more are not told', (t) => {
  const account = new GivenAccount();
  given(account, 10n, 1, 2);
  given(account, 10n, 1, 3);
  given(account, -1n, 2, 1);
  given(account, 10n, 3, 9);
  t.deepEqual(account.tokens, {
    'RateLimit/shop/few': { a: 5 },
    'RateLimit/shop/many': { ffffffffffffffff: 1 },
  });
});

test('a bucket that gave nothing for a minute is forgotten', (t) => {
  const account = new GivenAccount();
  given(account, 1n, 1, 1, 0);
  given(account, 2n, 1, 1, 59_000);
  given(account, 3n, 1, 1, 61_000);
  t.deepEqual(account.tokens, { 'RateLimit/shop/few': { 2: 1, 3: 1 } });
});

test('another gateway is charged for what it gave since it was last heard', (t) => {
  const few = 'RateLimit/shop/few';
  t.deepEqual(chargesBetween({ [few]: { a: 5 } }, { [few]: { a: 7, ffffffffffffffff: 1 } }), [
    { policy: few, key: 10n, count: 2 },
    { policy: few, key: -1n, count: 1 },
  ]);
});

test('what it gave before it was first heard may be long ago, and is not charged', (t) => {
  t.deepEqual(chargesBetween(undefined, { 'RateLimit/shop/few': { a: 7 } }), []);
});
