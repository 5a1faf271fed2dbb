/** Specifies what is told of a request that nobody has sent: at real clusters, and the same as then becomes of one that is sent. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { RequestExplanation } from '../../gateway/control/api/answers.ts';
import { ask } from '../gateway/data/request/http.ts';
import { startOrigin } from '../gateway/data/request/scene.ts';
import type { Cluster } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startIssuer } from '../support/tokens.ts';
import { hostOf, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
let dc1: Cluster;
let dc2: Cluster;

test.before('dc1 asks, dc2 serves', async () => {
  const origin = await startOrigin(shared, 'orders-1');
  const beta = await startOrigin(shared, 'beta-1');
  const services = [
    { name: 'orders', addresses: [`127.0.0.1:${origin.port}`] },
    { name: 'beta', addresses: [`127.0.0.1:${beta.port}`] },
  ];
  ({ dc1, dc2 } = await twoClusters(shared, services, { workers: 1 }));
});

const put = (cluster: Cluster, path: string, body: object) =>
  cluster.gateway.api.send('PUT', path, body, {});

const explained = (cluster: Cluster, asked: object) =>
  cluster.gateway.api.send<RequestExplanation>('POST', '/v1/explain', asked);

/** Where it ends, by whose word and with what. */
function endOf(decisions: RequestExplanation['decisions'] | undefined) {
  const end = decisions?.find(({ outcome }) => outcome === 'refused' || outcome === 'answered');
  return end && { step: end.step, policy: end.policy, of: end.of, code: end.code };
}

test.serial('a request that no policy is about goes on, and each step says so', async (t) => {
  const told = await explained(dc1, { url: `http://${host}/a/./b?c=d` });
  t.is(endOf(told.decisions), undefined);
  t.regex(told.decisions.find(({ step }) => step === 'normalize')?.says ?? '', /as \/a\/b\?c=d$/);
  const [backend] = told.backends;
  t.like(backend, { service: 'orders.shop', share: 100 });
  t.is(backend?.decision?.candidates[0]?.cluster, 'dc2');
  t.is(endOf(backend?.serving[0]?.decisions), undefined);
  const asked = backend?.serving[0]?.decisions.find(({ step }) => step === 'authorize');
  t.is(asked?.outcome, 'unknown', "what dc2's own policies say");
  t.regex(backend?.serving[0]?.notes[0] ?? '', /What dc2 says in its own policies .* is not known/);
});

test.serial('what could not be read is refused as it would be', async (t) => {
  const ambiguous = await explained(dc1, { url: `http://${host}/a%2fb` });
  t.like(endOf(ambiguous.decisions), { step: 'normalize', code: 'PATH_AMBIGUOUS' });
  t.is((await ask(urlOf(dc1, '/a%2fb'), host)).status, 400);
  const unknown = await explained(dc1, { url: 'http://nobody.shop.acme/' });
  t.like(endOf(unknown.decisions), { step: 'route', code: 'ROUTE_NOT_FOUND' });
  t.deepEqual(unknown.backends, []);
});

test.serial(
  'security: no part of a made-up request begins another line, and none of it is more than a question',
  async (t) => {
    const headers = [{ name: 'x-a', value: 'b\r\nx-isthmus-service: beta.shop' }];
    const told = await explained(dc1, { service: 'orders.shop', headers });
    t.like(endOf(told.decisions), { step: 'receive', code: 'REQUEST_REFUSED' });
    await t.throwsAsync(explained(dc1, { service: 'orders.shop', url: 'http://a/' }), {
      code: 'BODY_INVALID',
    } as object);
    await t.throwsAsync(explained(dc1, { service: 'orders.shop', as: 'spiffe://a;URI=b' }), {
      code: 'BODY_INVALID',
    } as object);
  },
);

test.serial(
  'the rule of a Route is named, those that nearly were for it, and each backend with its share',
  async (t) => {
    await put(dc1, '/v1/routes/shop/canary', {
      parentRefs: [{ kind: 'Service', name: 'orders' }],
      rules: [
        {
          matches: [
            {
              path: { type: 'PathPrefix', value: '/v2' },
              headers: [{ name: 'x-team', value: 'blue' }],
            },
          ],
          filters: [
            {
              type: 'URLRewrite',
              urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } },
            },
          ],
          backendRefs: [
            { name: 'orders', weight: 75 },
            { name: 'beta', weight: 25 },
          ],
          fault: { delay: { duration: '5s', percentage: 10 } },
        },
        { matches: [{ path: { type: 'Exact', value: '/page' } }], directResponse: { status: 418 } },
      ],
    });
    const page = await until('the answer is its own', async () => {
      const one = await ask(urlOf(dc1, '/page'), host);
      return one.status === 418 ? one : undefined;
    });
    t.is(page.status, 418);
    const answered = await explained(dc1, { url: `http://${host}/page` });
    t.like(endOf(answered.backends[0]?.decisions), {
      step: 'split',
      policy: 'Route/shop/canary',
      of: 'dc1',
    });
    const missed = await explained(dc1, { url: `http://${host}/v2/a` });
    t.like(endOf(missed.decisions), { step: 'route', code: 'ROUTE_NOT_FOUND' });
    t.is((await ask(urlOf(dc1, '/v2/a'), host)).status, 404);
    t.deepEqual(
      missed.decisions
        .filter(({ step, outcome }) => step === 'route' && outcome === 'noted')
        .map(({ says }) => says),
      [
        'rule 1 of it is not: it asks for the field x-team Exact "blue"',
        'rule 2 of it is not: it asks for the path Exact /page',
      ],
    );
    const headers = [{ name: 'x-team', value: 'blue' }];
    const split = await explained(dc1, { url: `http://${host}/v2/a`, headers });
    t.is(endOf(split.decisions), undefined);
    const route = split.decisions.find(({ policy }) => policy === 'Route/shop/canary');
    t.regex(route?.says ?? '', /^rule 1 of it .* the path becomes \/new\/a$/);
    t.regex(
      split.decisions.find(({ step }) => step === 'fault')?.says ?? '',
      /^10 % of such requests are held for 5s$/,
    );
    t.deepEqual(
      split.backends.map(({ service, share }) => [service, share]),
      [
        ['orders.shop', 75],
        ['beta.shop', 25],
      ],
    );
    t.is(split.backends[1]?.decision?.candidates[0]?.cluster, 'dc2');
    await dc1.gateway.api.send('DELETE', '/v1/routes/shop/canary');
  },
);

test.serial('the rule that denies is named, at the cluster that serves', async (t) => {
  const rules = [
    { to: [{ operation: { methods: ['PATCH'] } }] },
    { from: [{ source: { clusters: ['dc1'] } }], to: [{ operation: { methods: ['DELETE'] } }] },
  ];
  await put(dc2, '/v1/authorizations/shop/no-delete', { action: 'DENY', rules });
  await until(
    'it is denied',
    async () => (await ask(urlOf(dc1), host, '-X', 'DELETE')).status === 403,
  );
  const asked = { service: 'orders.shop', method: 'DELETE', from: 'dc1' };
  const { backends } = await explained(dc2, asked);
  const [serving] = backends[0]?.serving ?? [];
  t.deepEqual(endOf(serving?.decisions), {
    ...{ step: 'authorize', policy: 'Authorization/shop/no-delete', of: 'dc2' },
    code: 'ACCESS_DENIED',
  });
  t.regex(serving?.decisions.find(({ code }) => code)?.says ?? '', /^rule 2 of it fits/);
  const line = ['explain', 'orders.shop', '--method', 'DELETE', '--from', 'dc1'];
  t.regex(await dc2.gateway.isthmusOk(line), /: refused at authorize with ACCESS_DENIED$/m);
  t.regex(
    await dc1.gateway.isthmusOk(line),
    /: goes on to orders\.shop 100 %, as far as is known here$/m,
  );
  t.is(endOf((await explained(dc2, { ...asked, from: 'dc2' })).decisions), undefined);
});

test.serial(
  'security: a token is verified, and neither the answer nor the audit has it',
  async (t) => {
    const issuer = await startIssuer('https://id.example.com');
    const jwtRules = [{ issuer: issuer.issuer, jwks: issuer.jwks, audiences: ['shop'] }];
    const target = { service: 'orders' };
    await put(dc2, '/v1/authentications/shop/tokens', { target, jwtRules, required: true });
    await put(dc2, '/v1/rate-limits/shop/few', { target, requests: 7, key: ['source'] });
    const asked = { service: 'orders.shop' };
    const without = await explained(dc2, asked);
    t.like(endOf(without.decisions), {
      ...{ step: 'authenticate', policy: 'Authentication/shop/tokens', of: 'dc2' },
      code: 'JWT_MISSING',
    });
    const bad = await explained(dc2, { ...asked, token: await issuer.token({ aud: 'bank' }) });
    t.like(endOf(bad.decisions), { step: 'authenticate', code: 'JWT_INVALID' });

    const token = await issuer.token({ aud: 'shop' });
    const file = join(await tempDir(shared), 'token');
    await writeFile(file, `${token}\n`);
    const line = ['explain', 'orders.shop', '--jwt', file, '--source', '192.0.2.7'];
    const text = await dc2.gateway.isthmusOk(line);
    t.regex(text, /^GET orders\.shop\.acme\/ from dc2 .*: goes on to orders\.shop 100 %$/m);
    t.regex(text, /authenticate +passes +Authentication\/shop\/tokens +dc2 +its token is verified/);
    t.regex(text, /rate-limit +acts +RateLimit\/shop\/few .*the bucket of source "192\.0\.2\.7"/);
    t.false(text.includes(token));
    const audit = JSON.stringify(await dc2.gateway.items('/v1/audit'));
    t.false(audit.includes(token) || audit.includes('/v1/explain'));
  },
);
