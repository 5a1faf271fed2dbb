/** Specifies rate limits over real sockets: who shares a bucket, what whoever is refused is told, and where a limit holds. */
import test, { type ExecutionContext } from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { rateLimitOf, writtenRateLimitSchema } from '../../../../policy/rate-limit.ts';
import { until } from '../../../support/until.ts';
import { ask } from './http.ts';
import { connect, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const dc2 = parseClusterName('dc2');

/** As somebody writes it, for the service and nobody else; few come back while a test runs. */
function limit(
  written: Record<string, unknown>,
  name = 'few',
  more: { readonly ofFederation?: true } = {},
): PolicyResource {
  return {
    kind: 'RateLimit',
    name: `RateLimit/shop/${name}`,
    target: { service: parseServiceName('orders.shop') },
    spec: rateLimitOf(writtenRateLimitSchema.parse({ per: '1h', ...written })),
    ...more,
  };
}

/** Whether so many seconds are said, but for those that a busy machine took since. */
function isAbout(said: string | undefined, seconds: number): boolean {
  return Number(said) > seconds - 100 && Number(said) <= seconds;
}

async function gatewayWith(t: ExecutionContext, ...policies: readonly PolicyResource[]) {
  const origin = await startOrigin(t, 'a1');
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], policies }],
    proxies: { addresses: ['127.0.0.1'], fields: 'x-forwarded' },
  });
  const statuses = async (...calls: readonly (readonly string[])[]) => {
    const seen: number[] = [];
    for (const args of calls) seen.push((await ask(gateway.url, host, ...args)).status);
    return seen;
  };
  return { gateway, origin, statuses };
}

test('what is more than the limit is refused, with the time to wait, and never reaches the service', async (t) => {
  const { gateway, origin, statuses } = await gatewayWith(t, limit({ requests: 2 }));
  t.deepEqual(await statuses([], []), [200, 200]);
  const { status, headers, body } = await ask(gateway.url, host);
  t.is(status, 429);
  t.like(JSON.parse(body), { code: 'RATE_LIMITED', status: 429 });
  t.true(isAbout(headers['retry-after'], 1800));
  t.is(headers['ratelimit-policy'], '"few";q=2;w=3600');
  t.regex(headers['ratelimit'] ?? '', /^"few";r=0;t=1[78]\d\d$/);
  t.is(origin.requests.length, 2);
  const { decided, refused } = gateway.proxy.recorder.snapshot();
  t.deepEqual(decided, [{ policy: 'RateLimit/shop/few', outcome: 'limited', requests: 1 }]);
  t.like(refused, [{ service: 'orders.shop', code: 'RATE_LIMITED', requests: 1 }]);
});

test('who may pass is told what is left, beside what the service says; nobody is where that is not wanted', async (t) => {
  const { gateway } = await gatewayWith(t, limit({ requests: 10, burst: 3 }));
  const { headers } = await ask(gateway.url, host);
  t.regex(headers['ratelimit'] ?? '', /^"few";r=2;t=3[56]\d$/);
  t.is(headers['ratelimit-policy'], '"few";q=10;w=3600');
  const silent = await gatewayWith(t, limit({ requests: 1, tell: 'never' }));
  t.is((await ask(silent.gateway.url, host)).headers['ratelimit'], undefined);
  const late = await ask(silent.gateway.url, host);
  t.deepEqual([late.status, late.headers['ratelimit']], [429, undefined]);
  const refusals = await gatewayWith(t, limit({ requests: 1, tell: 'refused' }));
  t.is((await ask(refusals.gateway.url, host)).headers['ratelimit'], undefined);
  t.regex((await ask(refusals.gateway.url, host)).headers['ratelimit'] ?? '', /^"few";r=0;t=3[56]/);
});

test('requests that a field tells apart have a bucket each; those without it share one', async (t) => {
  const { statuses } = await gatewayWith(t, limit({ requests: 1, key: [{ header: 'X-Api-Key' }] }));
  const key = (value: string) => ['-H', `x-api-key: ${value}`];
  t.deepEqual(
    await statuses(key('one'), key('two'), key('one'), [], []),
    [200, 200, 429, 200, 429],
  );
});

test('by source, the address counts that trusted proxies tell', async (t) => {
  const { statuses } = await gatewayWith(t, limit({ requests: 1, key: ['source'] }));
  const from = (address: string) => ['-H', `x-forwarded-for: ${address}`];
  t.deepEqual(
    await statuses(from('192.0.2.1'), from('192.0.2.2'), from('192.0.2.1')),
    [200, 200, 429],
  );
});

test('security: values that clients choose never make one key of two', async (t) => {
  const key = [{ header: 'x-a' }, { header: 'x-b' }];
  const { statuses } = await gatewayWith(t, limit({ requests: 1, key }));
  const both = (a: string, b: string) => ['-H', `x-a: ${a}`, '-H', `x-b: ${b}`];
  t.deepEqual(await statuses(both('1 header 1:2', '3'), both('1', '2 header 1:3')), [200, 200]);
});

test('all limits hold at once, and one that refuses takes no token of the others', async (t) => {
  const { statuses } = await gatewayWith(
    t,
    limit({ requests: 2 }, 'all'),
    limit({ requests: 1, key: [{ header: 'x-api-key' }] }, 'each'),
  );
  const key = (value: string) => ['-H', `x-api-key: ${value}`];
  t.deepEqual(await statuses(key('1'), key('1'), key('2'), key('3')), [200, 429, 200, 429]);
});

test('a dry run refuses nobody, and counts what it would have refused', async (t) => {
  const { gateway, statuses } = await gatewayWith(t, limit({ requests: 1, dryRun: true }));
  t.deepEqual(await statuses([], [], []), [200, 200, 200]);
  t.deepEqual(gateway.proxy.recorder.snapshot().decided, [
    { policy: 'RateLimit/shop/few', outcome: 'would-limit', requests: 2 },
  ]);
});

test('a call of gRPC is refused in its own way', async (t) => {
  const { gateway } = await gatewayWith(t, limit({ requests: 1 }));
  await ask(gateway.url, host);
  const grpc = ['--http2-prior-knowledge', '-X', 'POST', '-H', 'content-type: application/grpc'];
  const { status, headers } = await ask(gateway.url, host, ...grpc);
  t.is(status, 200);
  t.is(headers['grpc-status'], '8');
  t.true(isAbout(headers['retry-after'], 3600));
});

/** dc1's clients use dc2's copy; each cluster has its own policies. */
async function twoClusters(
  t: ExecutionContext,
  near: readonly PolicyResource[],
  far: readonly PolicyResource[],
) {
  const origin = await startOrigin(t, 'b1');
  const one = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 }, policies: near }],
  });
  const other = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin], policies: far }],
  });
  connect(one, other);
  await until('the link to be up', () => one.links.state(dc2).state === 'up');
  return { one, other };
}

test('the cluster that serves applies its own limit, whatever the calling gateway did', async (t) => {
  const { one } = await twoClusters(t, [], [limit({ requests: 1, key: ['cluster'] })]);
  t.is((await ask(one.url, host)).status, 200);
  const { status, headers } = await ask(one.url, host);
  t.is(status, 429);
  t.true(isAbout(headers['retry-after'], 3600));
});

test("a limit of the federation's counts a request once, where it enters", async (t) => {
  const both = [limit({ requests: 2 }, 'few', { ofFederation: true })];
  const { one, other } = await twoClusters(t, both, both);
  t.is((await ask(one.url, host)).status, 200);
  t.is((await ask(one.url, host)).status, 200);
  t.is((await ask(one.url, host)).status, 429);
  t.deepEqual(other.proxy.recorder.snapshot().decided, []);
  t.regex((await ask(other.url, host)).headers['ratelimit'] ?? '', /^"few";r=1;t=1[78]/);
});
