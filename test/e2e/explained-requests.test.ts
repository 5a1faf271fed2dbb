/** Specifies what is told of a request that nobody has sent: at real clusters, and the same as then becomes of one that is sent. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type {
  ExplainedSample,
  PolicyEffect,
  RequestExplanation,
} from '../../gateway/control/api/answers.ts';
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
        {
          matches: [{ method: 'OPTIONS' }],
          filters: [
            { type: 'RequestMirror', requestMirror: { backendRef: { name: 'beta' }, percent: 50 } },
          ],
        },
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
        'rule 3 of it is not: it asks for the method OPTIONS',
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
    const copied = async (says: RegExp) => {
      const { decisions } = await explained(dc1, { url: `http://${host}/`, method: 'OPTIONS' });
      return decisions.find((one) => one.step === 'mirror' && says.test(one.says));
    };
    t.like(await copied(/^50 % of such requests are copied to beta\.shop$/), { outcome: 'acts' });
    await put(dc1, '/v1/authorizations/shop/beta', {
      ...{ target: { service: 'beta' }, action: 'DENY' },
      rules: [{ to: [{ operation: { methods: ['OPTIONS'] } }] }],
    });
    const refused = await until('it holds for copies', () => copied(/^no copy goes to beta\.shop/));
    t.regex(refused.says, /: You may not ask beta\.shop for this/);
    await dc1.gateway.api.send('DELETE', '/v1/authorizations/shop/beta');
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

/** Two requests for orders with a team, one without, one for another path with a token, at dc1. */
async function askForEffect(): Promise<void> {
  const asked = [
    ['/v7/a', '-H', 'x-team: blue'],
    ['/v7/b', '-H', 'x-team: blue'],
    ['/v7/c'],
    ['/v3/d', '-H', 'authorization: Bearer s3cr3t', '-H', 'x-request-id: with-token'],
  ];
  for (const [path = '', ...more] of asked) await ask(urlOf(dc1, path), host, ...more);
}

const effectOf = (cluster: Cluster, ...documents: object[]) =>
  cluster.gateway.api.send<PolicyEffect>('POST', '/v1/policies/effect', {
    documents: documents.map((one) => ({ namespace: 'shop', ...one })),
  });

/** What would become otherwise, of how many, and by which policy. */
const changesIn = ({ changes }: PolicyEffect) =>
  changes.map(({ kind, sampled, to }) => [kind, sampled, to.policy]);

test.serial(
  'what policies would make of the requests of the last minutes is told before they are written, and they do it',
  async (t) => {
    await dc2.gateway.api.send('DELETE', '/v1/authentications/shop/tokens');
    await until('no token is asked for', async () => (await ask(urlOf(dc1), host)).status === 200);
    await askForEffect();
    const paths = (path: string) => [{ to: [{ operation: { paths: [path] } }] }];
    const deny = { action: 'DENY', rules: paths('/v7/*') };
    const denied = await effectOf(dc1, { kind: 'Authorization', name: 'no-v7', spec: deny });
    t.deepEqual(changesIn(denied), [['refused', 3, 'Authorization/shop/no-v7']]);
    const [change] = denied.changes;
    t.like(change?.from, { kind: 'goes', says: 'orders.shop in dc2' });
    t.like(change?.to, { rule: 1, of: 'dc1', code: 'ACCESS_DENIED' });
    t.true(denied.sampled > 3 && denied.sampled === denied.requests);

    const matches = [{ headers: [{ name: 'x-team', value: 'blue' }] }];
    const rules = [
      { matches, backendRefs: [{ name: 'beta' }] },
      { backendRefs: [{ name: 'orders' }] },
    ];
    const parentRefs = [{ kind: 'Service', name: 'orders' }];
    const led = { kind: 'Route', name: 'blue', spec: { parentRefs, rules } };
    const moved = await effectOf(dc1, led);
    t.like(
      moved.changes.find(({ kind }) => kind === 'elsewhere'),
      {
        ...{ sampled: 2, to: { says: 'beta.shop in dc2', policy: 'Route/shop/blue', rule: 1 } },
      },
    );

    const target = { service: 'orders' };
    const few = { target, requests: 1, per: '1h', burst: 1 };
    const limited = await effectOf(dc1, { kind: 'RateLimit', name: 'few', spec: few });
    const [refused] = limited.changes;
    t.like(refused, { kind: 'limited', to: { policy: 'RateLimit/shop/few' } });
    t.true((refused?.sampled ?? 0) >= 4);

    await put(dc1, '/v1/authorizations/shop/no-v7', deny);
    await until('it is denied', async () => (await ask(urlOf(dc1, '/v7/a'), host)).status === 403);
    const same = await effectOf(dc1, { kind: 'Authorization', name: 'no-v7', spec: deny });
    t.deepEqual(same.changes, [], 'what is in force changes nothing');
    const removed = [{ kind: 'Authorization', namespace: 'shop', name: 'no-v7' }];
    const without = await dc1.gateway.api.send<PolicyEffect>('POST', '/v1/policies/effect', {
      removed,
    });
    t.deepEqual(changesIn(without)[0]?.[0], 'served');
    await dc1.gateway.api.send('DELETE', '/v1/authorizations/shop/no-v7');
  },
);

test.serial(
  'security: what depends on a secret of a request is not known, for that was never kept',
  async (t) => {
    const issuer = await startIssuer('https://id.example.com');
    const jwtRules = [{ issuer: issuer.issuer, jwks: issuer.jwks }];
    const spec = { target: { service: 'orders' }, jwtRules, required: true };
    const effect = await effectOf(dc1, { kind: 'Authentication', name: 'all', spec });
    t.like(
      effect.changes.find(({ kind }) => kind === 'unknown'),
      { sampled: 1 },
    );
    t.like(effect.changes.find(({ kind }) => kind === 'refused')?.to, { code: 'JWT_MISSING' });
    t.false(JSON.stringify(effect).includes('s3cr3t'));
  },
);

test.serial('of a real request it is told what became of it, and what would now', async (t) => {
  const id = ['-H', 'x-request-id: the-one', '-H', 'cookie: sid=s3cr3t'];
  await ask(urlOf(dc1, '/v8/x'), host, ...id, '-H', 'x-team: green');
  const spec = { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/v8/*'] } }] }] };
  const before = await dc1.gateway.api.get<ExplainedSample>('/v1/requests/the-one');
  t.like(before.sampled, { path: '/v8/x', service: 'orders.shop', from: '127.0.0.1' });
  t.like(before.sampled.outcome, { status: 200, cluster: 'dc2', endpoint: 'orders-1' });
  t.deepEqual(before.sampled.withheld, ['cookie']);
  t.is(endOf(before.now.decisions), undefined);
  await put(dc1, '/v1/authorizations/shop/no-v8', spec);
  const text = await until('it would be refused now', async () => {
    const told = await dc1.gateway.isthmusOk(['explain', '--request', 'the-one']);
    return told.includes('ACCESS_DENIED') ? told : undefined;
  });
  t.regex(
    text,
    /^then: GET orders\.shop\.acme\/v8\/x from 127\.0\.0\.1 at .*answered 200 by orders-1 in dc2/m,
  );
  t.regex(text, /not kept of it: cookie$/m);
  t.regex(text, /^now: GET .*: refused at authorize with ACCESS_DENIED$/m);
  await dc1.gateway.api.send('DELETE', '/v1/authorizations/shop/no-v8');
  const there = await dc2.gateway.api.get<ExplainedSample>('/v1/requests/the-one');
  t.is(there.sampled.from, 'dc1', 'the cluster that serves remembers it as well');
  t.is(endOf(there.now.decisions), undefined);
  const none = await dc1.gateway.isthmus(['explain', '--request', 'another']);
  t.regex(none.stderr, /REQUEST_NOT_FOUND/);
});

test.serial(
  'the rules that nearly allowed a request are told, and what they ask for',
  async (t) => {
    const rules = [
      {
        from: [{ source: { clusters: ['dc9'] } }],
        to: [{ operation: { methods: ['GET'], paths: ['/b/*', '/c'] } }],
      },
      {
        from: [{ source: { ipBlocks: ['192.0.2.0/24'] } }],
        to: [{ operation: { methods: ['GET'] } }],
        when: [{ key: 'request.headers[x-team]', values: ['blue'] }],
      },
      { to: [{ operation: { methods: ['PUT'], paths: ['/a'] } }] },
    ];
    const target = { service: 'orders' };
    await put(dc1, '/v1/authorizations/shop/some', { target, action: 'ALLOW', rules });
    const { decisions } = await explained(dc1, { url: `http://${host}/a` });
    t.like(endOf(decisions), { step: 'authorize', code: 'ACCESS_DENIED' });
    t.deepEqual(
      decisions
        .filter(({ step, outcome }) => step === 'authorize' && outcome === 'noted')
        .map(({ says }) => says),
      [
        'rule 3 of it does not allow it: it asks for methods ["PUT"]',
        'rule 1 of it does not allow it: it asks for clusters ["dc9"], paths ["/b/*","/c"]',
        'rule 2 of it does not allow it: it asks for ipBlocks ["192.0.2.0/24"], request.headers[x-team] of ["blue"]',
      ],
    );
    await dc1.gateway.api.send('DELETE', '/v1/authorizations/shop/some');
  },
);

test.serial(
  'a document that is refused is refused here too, and a policy that is not there',
  async (t) => {
    const spec = { action: 'DENY', rules: 'all' };
    await t.throwsAsync(effectOf(dc1, { kind: 'Authorization', name: 'wrong', spec }), {
      code: 'BODY_INVALID',
    } as object);
    const removed = [{ kind: 'Route', namespace: 'shop', name: 'nobody' }];
    await t.throwsAsync(dc1.gateway.api.send('POST', '/v1/policies/effect', { removed }), {
      code: 'POLICY_NOT_FOUND',
    } as object);
  },
);

test.serial(
  'isthmus diff tells the effect beside the difference, by the line of the document',
  async (t) => {
    const file = join(await tempDir(shared), 'deny.yaml');
    await writeFile(
      file,
      [
        'apiVersion: isthmus/v1',
        'kind: Authorization',
        'metadata: {name: no-v7, namespace: shop}',
        'spec:',
        '  action: DENY',
        '  rules:',
        '    - to: [{operation: {paths: ["/v9/*"]}}]',
        '    - to: [{operation: {paths: ["/v7/*"]}}]',
        '',
      ].join('\n'),
    );
    const { stdout: text } = await dc1.gateway.isthmus(['diff', '-f', file]);
    t.regex(text, /^\+ {2}action: DENY$/m);
    t.regex(text, /^Of \d+ requests of the last .*, [\d.]+ % would end otherwise$/m);
    t.regex(text, /refused +orders\.shop in dc2 +rule 2 of it fits.* \S+deny\.yaml:8:\d+$/m);
    t.regex(text, /^dc2 .* not stated/m);
    const plain = await dc1.gateway.isthmus(['diff', '-f', file, '--no-effect']);
    t.false(plain.stdout.includes('would end otherwise'));
  },
);
