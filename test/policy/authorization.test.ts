/** Specifies how policies of who may ask for what are written, and what of them is refused because it could not mean what it says. */
import test from 'ava';
import { authorizationSchema } from '../../policy/authorization.ts';

test('what is left out has its default: nothing is said but that nothing is allowed', (t) => {
  t.deepEqual(authorizationSchema.parse({}), {
    ...{ target: {}, action: 'ALLOW', rules: [] },
    ...{ dryRun: false, openConnections: 'keep' },
  });
});

test('what is written reads back as it was given', (t) => {
  const written = {
    target: { service: 'orders' },
    action: 'DENY',
    rules: [
      {
        from: [
          { source: { principals: ['spiffe://dc1.acme/ns/shop/sa/cart', '*/sa/admin', '*'] } },
          { source: { notIpBlocks: ['10.0.0.0/8', '2001:db8::1'] } },
        ],
        to: [
          {
            operation: {
              hosts: ['Orders.shop.acme', '*.example.com:8443'],
              ports: ['443'],
              methods: ['GET', 'P*'],
              paths: [
                '/a',
                '/a/*',
                '*.json',
                '/a/{*}/b',
                '/a/{**}',
                '/shop.Orders/Place',
                '/a%2Fb',
              ],
            },
          },
        ],
        when: [
          { key: 'request.headers[User-Agent]', values: ['Mozilla/*'] },
          { key: 'request.auth.claims[realm][roles]', notValues: ['admin'] },
          { key: 'source.ip', values: ['10.0.0.0/8'] },
        ],
      },
    ],
    dryRun: true,
    openConnections: 'close',
  };
  t.deepEqual(authorizationSchema.parse(written) as unknown, written);
});

const from = (source: object) => ({ rules: [{ from: [{ source }] }] });
const to = (operation: object) => ({ rules: [{ to: [{ operation }] }] });
const when = (condition: object) => ({ rules: [{ when: [condition] }] });

for (const [why, wrong, at] of [
  ['DENY without rules does nothing', { action: 'DENY' }, 'rules'],
  ['AUDIT without rules does nothing', { action: 'AUDIT', rules: [] }, 'rules'],
  ['an unknown action', { action: 'CUSTOM' }, 'action'],
  ['an unknown field', from({ principal: ['a'], principals: ['a'] }), 'rules.0.from.0.source'],
  ['an empty source', from({}), 'rules.0.from.0.source'],
  ['an empty operation', to({}), 'rules.0.to.0.operation'],
  ['an empty list of sources', { rules: [{ from: [] }] }, 'rules.0.from'],
  ['an empty list', from({ principals: [] }), 'rules.0.from.0.source.principals'],
  ['a star in the middle', from({ principals: ['a*b'] }), 'rules.0.from.0.source.principals.0'],
  ['two stars', from({ principals: ['*a*'] }), 'rules.0.from.0.source.principals.0'],
  ['no range', from({ ipBlocks: ['10.0.0.0/40'] }), 'rules.0.from.0.source.ipBlocks.0'],
  ['a port as a number', to({ ports: [80] }), 'rules.0.to.0.operation.ports.0'],
  ['a port beyond all', to({ ports: ['65536'] }), 'rules.0.to.0.operation.ports.0'],
  ['a method in lower case', to({ methods: ['get'] }), 'rules.0.to.0.operation.methods.0'],
  ['a path with a query', to({ paths: ['/a?b'] }), 'rules.0.to.0.operation.paths.0'],
  ['a path without its slash', to({ paths: ['a'] }), 'rules.0.to.0.operation.paths.0'],
  ['segments of dots', to({ paths: ['/a/../b'] }), 'rules.0.to.0.operation.paths.0'],
  ['a needless encoding', to({ paths: ['/%61'] }), 'rules.0.to.0.operation.paths.0'],
  ['digits in lower case', to({ paths: ['/a%2fb'] }), 'rules.0.to.0.operation.paths.0'],
  ['other braces', to({ paths: ['/a/{id}'] }), 'rules.0.to.0.operation.paths.0'],
  ['a star beside an operator', to({ paths: ['/a/{*}/*'] }), 'rules.0.to.0.operation.paths.0'],
  ['{**} before another', to({ paths: ['/{**}/a/{*}'] }), 'rules.0.to.0.operation.paths.0'],
  ['half a segment', to({ paths: ['/a{*}'] }), 'rules.0.to.0.operation.paths.0'],
  ['an unknown key', when({ key: 'source.colour', values: ['a'] }), 'rules.0.when.0.key'],
  ['an empty key', when({ key: '', values: ['a'] }), 'rules.0.when.0.key'],
  [
    'a claim without a name',
    when({ key: 'request.auth.claims[]', values: ['a'] }),
    'rules.0.when.0.key',
  ],
  ['a condition without values', when({ key: 'source.ip' }), 'rules.0.when.0.values'],
  [
    'a value that is no address',
    when({ key: 'remote.ip', notValues: ['10.0.0.0/8', 'dc1'] }),
    'rules.0.when.0.notValues.1',
  ],
  [
    'a field that gateways write',
    when({ key: 'request.headers[X-Forwarded-Client-Cert]', values: ['*'] }),
    'rules.0.when.0.key',
  ],
] as const) {
  test(`refused: ${why}`, (t) => {
    const paths = authorizationSchema
      .safeParse(wrong)
      .error?.issues.map(({ path }) => path.join('.'));
    t.deepEqual(paths, [at]);
  });
}
