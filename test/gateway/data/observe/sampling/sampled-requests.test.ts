/** Specifies the requests that a worker remembers: few of many, drawn evenly, for ten minutes, without a secret. */
import test from 'ava';
import type { ServiceName } from '../../../../../core/names.ts';
import { readMadeUp } from '../../../../../gateway/data/explain/made-up.ts';
import type { Exchange } from '../../../../../gateway/data/message/exchange.ts';
import { clientAt } from '../../../../../gateway/data/message/peer.ts';
import { noProxies } from '../../../../../gateway/data/message/trusted-proxies.ts';
import { SampledRequests } from '../../../../../gateway/data/observe/sampling/sampled-requests.ts';
import { defaultLimits } from '../../../../../gateway/data/request/limit.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { seeded } from '../../../../support/random.ts';

const orders = 'orders.shop' as ServiceName;
const minute = 60_000;

function exchangeOf(target: string, fields: readonly string[] = []): Exchange {
  const read = readMadeUp(
    {
      ...{ method: 'GET', authority: 'orders.shop.acme', target, fields },
      peer: clientAt('192.0.2.7', noProxies),
    },
    defaultLimits,
  );
  if (read.kind !== 'read') throw new Error(read.why.what);
  return read.exchange;
}

function remembering(perMinute: number) {
  const clock = new ManualClock();
  const random = seeded(7);
  const sampled = new SampledRequests({
    perMinute,
    clock,
    random: () => random.below(2 ** 32) / 2 ** 32,
  });
  const request = (n: number, exchange = exchangeOf(`/${n}`), service = orders) =>
    sampled.draw(service)?.keep({
      ...{ exchange, service, at: clock.now(), requestId: String(n) },
      outcome: { status: 200, ms: 1 },
    });
  return { clock, sampled, request };
}

test('few requests are all remembered, and each stands for itself', (t) => {
  const { sampled, request } = remembering(20);
  for (let n = 0; n < 5; n++) request(n);
  t.deepEqual(
    sampled.list().map(({ path, standsFor }) => [path, standsFor]),
    [0, 1, 2, 3, 4].map((n) => [`/${n}`, 1]),
  );
});

test('of many as many are remembered as is said, from all of the minute, and each stands for its part', (t) => {
  const { sampled, request } = remembering(20);
  const exchange = exchangeOf('/');
  for (let n = 0; n < 10_000; n++) request(n, exchange);
  const list = sampled.list();
  t.is(list.length, 20);
  t.true(list.every(({ standsFor }) => standsFor === 500));
  const late = list.filter(({ requestId }) => Number(requestId) >= 5_000).length;
  t.true(late >= 4 && late <= 16, `${late} of 20 are of the second half`);
});

test('what is older than ten minutes is forgotten; a minute without requests is none', (t) => {
  const { clock, sampled, request } = remembering(3);
  request(1);
  clock.advance(9 * minute + 1);
  request(2);
  t.deepEqual(
    sampled.list().map(({ requestId }) => requestId),
    ['1', '2'],
  );
  clock.advance(minute);
  t.deepEqual(
    sampled.list().map(({ requestId }) => requestId),
    ['2'],
  );
});

test('however many services are asked for, what is remembered of a minute is bounded', (t) => {
  const { sampled, request } = remembering(100);
  const exchange = exchangeOf('/');
  for (let n = 0; n < 2_000; n++) {
    for (let i = 0; i < 3; i++) request(n, exchange, `s${n}.shop` as ServiceName);
  }
  const list = sampled.list();
  t.true(list.length <= 500);
  t.true(new Set(list.map(({ service }) => service)).size > 40);
});

test('security: the secrets of a request are never remembered, under whatever name they come', (t) => {
  const { sampled, request } = remembering(20);
  const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2VjcmV0';
  const secrets = [
    ...['authorization', `Bearer ${token}`, 'cookie', 'sid=s3cr3t', 'x-api-key', 's3cr3t'],
    ...['proxy-authorization', 'Basic s3cr3t', 'x-amz-security-token', 's3cr3t'],
    ...['x-trace', `Bearer s3cr3t`, 'x-note', token, 'x-hub-signature-256', 's3cr3t'],
  ];
  const target = `/a?user=7&access_token=s3cr3t&key=s3cr3t&to=${token}&%74oken=s3cr3t`;
  request(1, exchangeOf(target, [...secrets, 'x-user', 'beta']));
  request(2, exchangeOf(`/reset/${token}`));
  const list = sampled.list();
  t.false(JSON.stringify(list).includes('s3cr3t') || JSON.stringify(list).includes(token));
  t.is(list.length, 1, 'a path that has a token in it is not remembered at all');
  t.deepEqual(list[0]?.fields, ['x-user', 'beta']);
  t.true(list[0]?.withheld.includes('authorization') && list[0].withheld.includes('cookie'));
  t.is(list[0]?.path, '/a?user=7&access_token=&key=&to=&%74oken=');
  t.deepEqual(list[0]?.withheldParams, ['access_token', 'key', 'to', 'token']);
});
