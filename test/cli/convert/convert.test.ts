/** Specifies `isthmus convert`: what is printed where, and how it ends. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { convertTexts, sourceNames } from '../../../cli/convert/convert.ts';
import { inProcess } from '../in-process.ts';

const whole = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web]
  http: [{ route: [{ destination: { host: web } }], timeout: 3s }]
`;
const partly = whole.replace('spec:', 'spec:\n  exportTo: ["."]');

function convert(stdin: string, ...more: readonly string[]) {
  return inProcess(['convert', '-f', '-', ...more], {}, stdin);
}

test('what can be said whole is printed as YAML, and nothing else', async (t) => {
  const { code, stdout, stderr } = await convert(whole);
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  t.is(
    stdout,
    `apiVersion: isthmus/v1
kind: Route
metadata:
  name: web
  namespace: shop
spec:
  parentRefs:
    - kind: Service
      name: web
  rules:
    - backendRefs:
        - name: web
      timeouts:
        request: 3s
`,
  );
});

test('with -o json it is a List, which apply takes too', async (t) => {
  const { stdout } = await convert(whole, '-o', 'json');
  t.like(JSON.parse(stdout), { kind: 'List', items: [{ kind: 'Route' }] });
});

test('what has no equal is told at its line, and the exit code says so; with --strict nothing is printed', async (t) => {
  const { code, stdout, stderr } = await convert(partly);
  t.is(code, 3);
  t.true(stdout.includes('kind: Route'));
  t.regex(stderr, /^stdin:5:3 spec\.exportTo: left out: .+\.\n1 left out/);
  const strict = await convert(partly, '--strict');
  t.deepEqual([strict.code, strict.stdout], [5, '']);
});

test('what means nearly the same is told, and is no failure', async (t) => {
  const text = whole
    .replace('- route', '- route')
    .replace('{ route', '{ match: [{ uri: { prefix: /a } }], route');
  const { code, stderr } = await convert(text, '--strict');
  t.is(code, 0);
  t.regex(stderr, /spec\.http\.0\.match\.0\.uri\.prefix: otherwise here: .*\/ax does not fit/);
});

for (const [situation, text, args, told] of [
  ['no YAML', '{', [], /CONFIG_SYNTAX/],
  ['no document', '', [], /There is no document/],
  ['documents of ours', 'apiVersion: isthmus/v1\nkind: Route\n', [], /apply` takes it/],
  ['those of a system that is not asked for', whole, ['--from', 'consul'], /no document of Consul/],
  ['a trust domain that is none', whole, ['--trust-domain', 'acme'], /<cluster>\.<federation>/],
  [
    'a system that there is not',
    whole,
    ['--from', 'linkerd'],
    /Use one of istio, consul, app-mesh/,
  ],
  ['no object', '- 1\n', [], /it is no document of/],
  ['HCL', 'Kind = "service-router"\nName = "web"\n', [], /HCL.*\n.*consul config read -kind/],
] as const) {
  test(`given ${situation}, it says so, and prints nothing`, async (t) => {
    const { code, stdout, stderr } = await convert(text, ...args);
    t.not(code, 0);
    t.is(stdout, '');
    t.regex(stderr, told);
  });
}

test('the systems that the command offers are those that there are', async (t) => {
  const { stdout } = await inProcess(['convert', '--help'], {});
  for (const name of sourceNames) t.true(stdout.includes(`"${name}"`));
});

test('security: a rule that lets in, and of which a condition can not be said, lets in nobody', (t) => {
  const text = readFileSync(new URL('fixtures/istio-authorization.yaml', import.meta.url), 'utf8');
  const { documents } = convertTexts([{ text, name: 'a.yaml' }], {
    namespace: 'shop',
    trustDomain: undefined,
  });
  const rules = (name: string) =>
    (documents.find(({ metadata }) => metadata.name === name) as { spec: { rules?: unknown[] } })
      .spec.rules;
  // One names a service account, the other principals of a trust domain that is not said.
  t.deepEqual(rules('orders'), []);
  // Of one that refuses, what can not be said refuses more.
  t.deepEqual(rules('no-admin'), [
    { to: [{ operation: { paths: ['/admin', '/admin/*'] } }] },
    { to: [{ operation: { ports: ['9090'] } }] },
  ]);
});

test('security: intentions that name callers whose trust domain is not said let in nobody', (t) => {
  const text = readFileSync(new URL('fixtures/consul-intentions.json', import.meta.url), 'utf8');
  const { documents } = convertTexts([{ text, name: 'a.json' }], {
    namespace: 'shop',
    trustDomain: undefined,
  });
  t.deepEqual(
    documents.map(({ metadata, spec }) => [metadata.name, (spec as { rules: unknown }).rules]),
    [
      ['orders-allowed', []],
      ['stock-allowed', []],
    ],
  );
});

test('security: intentions that ask for a token which can not be told let in nobody', (t) => {
  const text = readFileSync(new URL('fixtures/consul-tokens.json', import.meta.url), 'utf8');
  const { documents } = convertTexts([{ text, name: 'a.json' }], {
    namespace: 'shop',
    trustDomain: 'dc1.acme',
  });
  const allowed = documents.filter(({ metadata }) => metadata.name.endsWith('-allowed'));
  t.deepEqual(
    allowed.map(({ metadata, spec }) => [
      metadata.name,
      (spec as { rules: readonly { when?: readonly { key: string }[] }[] }).rules.map(
        ({ when = [] }) => when[0]?.key,
      ),
    ]),
    [
      ['orders-allowed', ['request.auth.claims[iss]', 'request.auth.claims[iss]']],
      // Of the paths one asks for a value that can not be said.
      ['stock-allowed', ['request.auth.claims[iss]']],
      // Its provider is not there.
      ['audit-allowed', []],
    ],
  );
});
