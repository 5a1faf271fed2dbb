/** Specifies whose bucket a request's is, by the claims of its token. */
import test from 'ava';
import { parseServiceName } from '../../../../../core/names.ts';
import type { Exchange } from '../../../../../gateway/data/message/exchange.ts';
import { bucketKey, limitsIn } from '../../../../../gateway/data/request/rate-limit/limits.ts';
import { rateLimitOf, writtenRateLimitSchema } from '../../../../../policy/rate-limit.ts';

const service = parseServiceName('orders.shop');

/** The bucket of a request whose verified token has these claims. */
function bucketOf(claim: string, claims: Record<string, unknown> | undefined): bigint {
  const [limit] =
    limitsIn([
      {
        ...{ kind: 'RateLimit', name: 'RateLimit/shop/few', target: { service } },
        spec: rateLimitOf(writtenRateLimitSchema.parse({ requests: 1, key: [{ claim }] })),
      },
    ]) ?? [];
  if (limit === undefined) throw new Error('no limit');
  const passage = claims && { token: { claims } };
  return bucketKey(limit, service, { passage } as Exchange, 'dc1');
}

test('requests whose tokens say the same have one bucket, others have others', (t) => {
  t.is(bucketOf('sub', { sub: 'ada' }), bucketOf('sub', { sub: 'ada', aud: 'x' }));
  t.not(bucketOf('sub', { sub: 'ada' }), bucketOf('sub', { sub: 'bob' }));
  t.is(bucketOf('org.id', { org: { id: 7 } }), bucketOf('org.id', { org: { id: 7, n: 1 } }));
});

test('requests without a token, or without the claim, share one', (t) => {
  t.is(bucketOf('sub', undefined), bucketOf('sub', { aud: 'x' }));
  t.not(bucketOf('sub', undefined), bucketOf('sub', { sub: 'ada' }));
});
