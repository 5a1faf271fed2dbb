/** Specifies what becomes of join tokens that are not good. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { JoinResult } from '../../gateway/control/api/answers.ts';
import { type Cluster, federate, settled, standalone } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
/** Exit code of a command that was refused. */
const refused = 5;
let dc1: Cluster;
let dc2: Cluster;

test.before('one cluster founds a federation, one wants to join it', async () => {
  ({ dc1 } = await federate(shared, { dc1: {} }));
  dc2 = await standalone(shared, 'dc2');
});

/** Joining with a token is refused with a code, and nothing changes on either side. */
async function refusedWith(t: ExecutionContext, code: string, token: string): Promise<void> {
  const joined = await dc2.gateway.isthmus(['join', '--yes'], { ISTHMUS_TOKEN: token });
  t.is(joined.code, refused, joined.stderr);
  t.regex(joined.stderr, new RegExp(`^error ${code}: `, 'm'));
  t.false(joined.stderr.includes(token));

  t.deepEqual(await dc1.others(), {});
  t.deepEqual(await dc2.others(), {});
  t.is((await dc2.gateway.status()).registry.kind, 'standalone');
  await t.throwsAsync(access(join(dc2.gateway.dataDir, 'federation.json')), { code: 'ENOENT' });
}

test.serial('what is no token at all is refused', async (t) => {
  await refusedWith(t, 'TOKEN_INVALID', 'isthmus1_nonsense');
});

test.serial('a token that was not copied whole is refused', async (t) => {
  const token = await dc1.token();
  await refusedWith(t, 'TOKEN_INVALID', token.slice(0, -1));
  await refusedWith(t, 'TOKEN_INVALID', token.slice(0, token.length / 2));
});

test.serial('a token with one character changed is refused', async (t) => {
  const token = await dc1.token();
  const middle = token.length / 2;
  const other = token[middle] === 'A' ? 'B' : 'A';
  await refusedWith(t, 'TOKEN_INVALID', token.slice(0, middle) + other + token.slice(middle + 1));
});

test.serial('an expired token is refused', async (t) => {
  const token = await dc1.token('--ttl', '1s');
  const created = Date.now();
  await until('the token to be expired', () => Date.now() > created + 2_000);
  await refusedWith(t, 'TOKEN_INVALID', token);
});

test.serial(
  'security: a token that was revoked is refused, and one that nobody made is named',
  async (t) => {
    const { token, id } = JSON.parse(
      await dc1.gateway.isthmusOk(['token', 'create', '-o', 'json']),
    );
    t.is(await dc1.gateway.isthmusOk(['token', 'revoke', id]), `revoked ${id}`);
    await refusedWith(t, 'TOKEN_INVALID', token);
    const again = await dc1.gateway.isthmus(['token', 'revoke', id]);
    t.is(again.code, 4);
    t.regex(again.stderr, /TOKEN_NOT_FOUND: dc1 has made no join token/);
  },
);

test.serial('a token for another federation is refused', async (t) => {
  const elsewhere = await standalone(t, 'dc1', {
    registry: { embedded: { listen: '127.0.0.1:0' } },
    config: { federation: 'elsewhere' },
  });
  await refusedWith(t, 'JOIN_REFUSED', await elsewhere.token());
});

test.serial(
  'a dry run shows what would change as it is seen from both sides, and spends nothing',
  async (t) => {
    const token = await dc1.token();
    const shown = await dc2.gateway.isthmusOk(['join', '--dry-run', '-o', 'json'], {
      ISTHMUS_TOKEN: token,
    });
    const plan: JoinResult = JSON.parse(shown);
    t.like(plan, { federation: 'acme', via: 'dc1', joined: false });
    const looks = plan.lines.map(({ subject, outcome }) => `${subject} ${outcome}`);
    t.deepEqual(looks.sort(), [
      'clock ok',
      'name ok',
      'reach ok',
      'reached ok',
      'registry ok',
      'version ok',
    ]);
    const { eastWest, federation } = dc2.lines;
    const reached = plan.lines.find(({ subject }) => subject === 'reached')?.what ?? '';
    t.true(reached.includes(`dc2 answers at ${eastWest.address}, ${federation.address}`), reached);
    t.deepEqual(await dc2.others(), {});

    await dc2.gateway.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: token });
    await settled([dc1, dc2]);
    t.is((await dc2.others())['dc1']?.state, 'up');

    const late = await standalone(t, 'dc3');
    const again = await late.gateway.isthmus(['join', '--yes'], { ISTHMUS_TOKEN: token });
    t.is(again.code, refused);
    t.regex(again.stderr, /^error TOKEN_INVALID: /m);
    const metrics = await dc1.gateway.api.read('/metrics', 'text/plain');
    t.regex(metrics, /isthmus_tokens_refused_total\{[^}]*code="TOKEN_USED"[^}]*\} 1/);
    t.regex(metrics, /isthmus_tokens_refused_total\{[^}]*code="TOKEN_EXPIRED"[^}]*\} 1/);
    const { stdout } = await dc1.gateway.isthmus(['check']);
    t.regex(
      stdout,
      /\d+ tokens were refused since this gateway was started, the last at .* \(TOKEN_USED\)/,
    );
    const audit = await dc1.gateway.isthmusOk(['audit', '-o', 'json']);
    t.true(audit.includes('"code": "TOKEN_USED"'), audit);
    t.deepEqual(Object.keys(await dc1.others()), ['dc2']);
  },
);

test.serial('a second cluster of a name that is taken is refused', async (t) => {
  const impostor = await standalone(t, 'dc2');
  const joined = await impostor.gateway.isthmus(['join', '--yes'], {
    ISTHMUS_TOKEN: await dc1.token(),
  });
  t.is(joined.code, refused);
  t.regex(joined.stderr, /^error JOIN_CONFLICT: /m);
  t.is((await dc1.gateway.request('orders.shop')).status, 200);
  t.is((await dc1.others())['dc2']?.state, 'up');
});

test.serial('a member can not join again', async (t) => {
  const joined = await dc2.gateway.isthmus(['join', '--yes'], { ISTHMUS_TOKEN: await dc1.token() });
  t.is(joined.code, refused);
  t.regex(joined.stderr, /^error ALREADY_MEMBER: /m);
});
