/** Specifies join tokens: carried, copied, cut, changed and used. */
import test from 'ava';
import fc from 'fast-check';
import { IsthmusError } from '../../core/errors.ts';
import {
  createToken,
  decodeToken,
  encodeToken,
  hashSecret,
  revokeToken,
} from '../../federation/token.ts';
import { acme, anyToken, cluster, founder, refused, registryOf, tokenOf } from './fixtures.ts';

const token = {
  ...anyToken,
  secret: 's'.repeat(43),
  addresses: ['[::1]:1', 'gw.dc1.example:7444'],
};

test('a token survives being carried', (t) => {
  t.deepEqual(decodeToken(encodeToken(token)), token);
});

test('a token survives line breaks and blanks from copying', (t) => {
  const broken = ` ${encodeToken(token).replaceAll(/(.{20})/g, '$1\n  ')}\r\n`;
  t.deepEqual(decodeToken(broken), token);
});

test('a token cut anywhere is told to be truncated', (t) => {
  const text = encodeToken(token);
  for (let end = 'isthmus1_'.length; end < text.length; end++) {
    t.throws(() => decodeToken(text.slice(0, end)), {
      code: 'TOKEN_INVALID',
      message: /truncated/,
    });
  }
});

test('a token with any one character changed is refused', (t) => {
  const text = encodeToken(token);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom('A', 'b', '0', '-', '!'), (at, char) => {
      // The last character's low bits may be padding: what decodes to the same bytes is the same token.
      fc.pre(text[at] !== char && at < text.length - 1);
      t.throws(() => decodeToken(text.slice(0, at) + char + text.slice(at + 1)), {
        code: 'TOKEN_INVALID',
      });
    }),
  );
});

test('no error about a token quotes its secret', (t) => {
  const text = encodeToken(token);
  for (const bad of [
    text.slice(0, -1),
    `${text}AAAA`,
    `x${text}`,
    encodeToken({ ...token, addresses: [] }),
    encodeToken({ ...token, federation: 'NOT VALID' as never }),
  ]) {
    const error = t.throws(() => decodeToken(bad), { instanceOf: IsthmusError });
    const shown = JSON.stringify([error.message, error.toProblem(), String(error.cause)]);
    t.false(shown.includes(token.secret));
    t.false(shown.includes(text.slice(20, 60)));
  }
});

test("only the token's hash is stored", async (t) => {
  const dc1 = await founder(t);
  const { id, secret } = decodeToken(await tokenOf(dc1));
  const stored = JSON.stringify(await registryOf(dc1));
  t.false(stored.includes(secret));
  t.false(stored.includes(Buffer.from(secret, 'base64url').toString('hex')));
  t.true(stored.includes(hashSecret(secret).toString('base64url')));
  t.true(stored.includes(id));
});

test('a token lives for 15 minutes unless told otherwise, and for a day at most', async (t) => {
  const dc1 = await founder(t);
  const now = dc1.clock.now();
  t.is(decodeToken(await tokenOf(dc1)).expiresAt, now + 15 * 60_000);
  t.is(decodeToken(await tokenOf(dc1, [dc1.address], 86_400_000)).expiresAt, now + 86_400_000);
  for (const ttlMs of [86_400_001, 999, -1, Number.NaN]) {
    await refused(t, 'BODY_INVALID', () => tokenOf(dc1, [dc1.address], ttlMs));
  }
});

test('a secret has 256 random bits', async (t) => {
  const dc1 = await founder(t);
  const drawn: number[] = [];
  const other = await cluster(t, 'dc1');
  const { text } = await createToken({
    store: dc1.store,
    federation: acme,
    cluster: dc1.name,
    addresses: [dc1.address],
    fingerprint: dc1.authority.keyId,
    signer: other.authority,
    clock: dc1.clock,
    randomBytes(count) {
      drawn.push(count);
      return new Uint8Array(count).fill(7);
    },
  });
  t.deepEqual([...Buffer.from(decodeToken(text).secret, 'base64url')], new Array(32).fill(7));
  t.true(drawn.includes(32));
});

test('a token that several revoke at once is revoked by one of them, and not found by the others', async (t) => {
  const dc1 = await founder(t);
  const { id } = decodeToken(await tokenOf(dc1));
  const home = { store: dc1.store, federation: acme, cluster: dc1.name };
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => revokeToken(home, id)));
  const codes = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'revoked'));
  t.deepEqual(codes.sort(), [...new Array(3).fill('TOKEN_NOT_FOUND'), 'revoked']);
});
