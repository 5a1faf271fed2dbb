/** Specifies whom a gateway believes about its clients: proxies named by address, by one kind of field, no further than they go. */
import test from 'ava';
import { readCidr } from '../../../../core/cidr.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { proxiesOf } from '../../../../gateway/control/config/data-side-settings.ts';
import { clientAddress, originOf } from '../../../../gateway/data/message/client-origin.ts';
import type { Fields, RequestHead } from '../../../../gateway/data/message/message.ts';
import { clientAt } from '../../../../gateway/data/message/peer.ts';
import {
  type TrustedFields,
  TrustedProxies,
} from '../../../../gateway/data/message/trusted-proxies.ts';
import { ask } from './http.ts';
import { startGateway, startOrigin } from './scene.ts';

const addresses = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];

function headOf(fields: Fields): RequestHead {
  const all = (name: string) => fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === name);
  return { fields: { all }, authority: 'web.shop.acme', scheme: 'http' } as unknown as RequestHead;
}

function told(kind: TrustedFields, fields: Fields, from = '10.0.0.1') {
  const proxies = new TrustedProxies({ addresses, fields: kind });
  const peer = clientAt(from, proxies);
  if (peer.kind !== 'client' || peer.proxies === undefined) return undefined;
  const { client, through, host, proto } = originOf(headOf(fields), peer, proxies);
  return [client, through.join(' '), host, proto].join(' | ');
}

const plain = 'web.shop.acme | http';

for (const [what, fields, origin] of [
  ['nothing', [], `10.0.0.1 |  | ${plain}`],
  ['one address', ['x-forwarded-for', '203.0.113.9'], `203.0.113.9 | 10.0.0.1 | ${plain}`],
  [
    'what the client wrote itself',
    ['x-forwarded-for', '6.6.6.6, 203.0.113.9'],
    `203.0.113.9 | 10.0.0.1 | ${plain}`,
  ],
  [
    'a chain of trusted ones',
    ['x-forwarded-for', '6.6.6.6, 203.0.113.9', 'x-forwarded-for', '192.0.2.7,10.2.3.4'],
    `203.0.113.9 | 192.0.2.7 10.2.3.4 10.0.0.1 | ${plain}`,
  ],
  ['trusted ones only', ['x-forwarded-for', '10.9.9.9'], `10.9.9.9 | 10.0.0.1 | ${plain}`],
  [
    'an address with a port',
    ['x-forwarded-for', '203.0.113.9:5123'],
    `203.0.113.9 | 10.0.0.1 | ${plain}`,
  ],
  [
    'IPv6',
    ['x-forwarded-for', '[2001:db8::9]:51, fd00::1'],
    `2001:db8::9 | fd00::1 10.0.0.1 | ${plain}`,
  ],
  ['what is no address', ['x-forwarded-for', '203.0.113.9, unknown'], `10.0.0.1 |  | ${plain}`],
  ['nonsense', ['x-forwarded-for', '1.2.3.4"; evil'], `10.0.0.1 |  | ${plain}`],
  [
    'host and protocol',
    [
      'x-forwarded-for',
      '203.0.113.9',
      'x-forwarded-host',
      'www.example.com:8443',
      'x-forwarded-proto',
      'HTTPS',
    ],
    '203.0.113.9 | 10.0.0.1 | www.example.com:8443 | https',
  ],
  [
    'a host and a protocol that are none',
    [
      'x-forwarded-for',
      '203.0.113.9',
      'x-forwarded-host',
      'a";for=b',
      'x-forwarded-proto',
      'gopher',
    ],
    `203.0.113.9 | 10.0.0.1 | ${plain}`,
  ],
  [
    'the other kind of field, which nobody here writes',
    ['forwarded', 'for=6.6.6.6;host=evil.example;proto=https'],
    `10.0.0.1 |  | ${plain}`,
  ],
] as const) {
  test(`X-Forwarded-For with ${what}: ${origin}`, (t) => t.is(told('x-forwarded', fields), origin));
}

for (const [what, fields, origin] of [
  [
    'one element',
    ['forwarded', 'for=203.0.113.9;proto=https;host="www.example.com"'],
    '203.0.113.9 | 10.0.0.1 | www.example.com | https',
  ],
  [
    'elements of proxies, and one that the client wrote',
    [
      'forwarded',
      'for=6.6.6.6;proto=http, For="203.0.113.9:99";Proto=https , for=192.0.2.7;proto=http',
    ],
    '203.0.113.9 | 192.0.2.7 10.0.0.1 | web.shop.acme | https',
  ],
  ['IPv6', ['forwarded', 'for="[2001:db8::9]:4711"'], `2001:db8::9 | 10.0.0.1 | ${plain}`],
  ['an obfuscated node', ['forwarded', 'for=203.0.113.9, for=_hidden'], `10.0.0.1 |  | ${plain}`],
  ['an open quote', ['forwarded', 'for="203.0.113.9'], `10.0.0.1 |  | ${plain}`],
  ['the other kind of field', ['x-forwarded-for', '6.6.6.6'], `10.0.0.1 |  | ${plain}`],
] as const) {
  test(`Forwarded with ${what}: ${origin}`, (t) => t.is(told('forwarded', fields), origin));
}

test('security: whoever is not named is believed nothing', (t) => {
  for (const from of ['203.0.113.9', '192.0.2.8', '11.0.0.1', '::1', 'unknown']) {
    t.is(told('x-forwarded', ['x-forwarded-for', '6.6.6.6'], from), undefined, from);
  }
  const peer = clientAt('203.0.113.9', new TrustedProxies({ addresses, fields: 'forwarded' }));
  t.is(clientAddress(headOf(['forwarded', 'for=6.6.6.6']), peer), '203.0.113.9');
});

test('ranges are addresses, perhaps with so many bits', (t) => {
  t.deepEqual(readCidr('10.0.0.0/8'), { address: '10.0.0.0', bits: 8, family: 'ipv4' });
  t.deepEqual(readCidr('::1'), { address: '::1', bits: 128, family: 'ipv6' });
  for (const text of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'lb',
    'fe80::1%eth0',
    '10.0.0.0/-1',
  ]) {
    t.is(readCidr(text), undefined, text);
  }
});

for (const [kind, yaml, fields] of [
  [
    'x-forwarded',
    'trustedProxies: [127.0.0.0/8]',
    ['X-Forwarded-For: 6.6.6.6, 203.0.113.9', 'X-Forwarded-Proto: https'],
  ],
  [
    'forwarded',
    'trustedProxies: [127.0.0.1]\ntrustedFields: forwarded',
    ['Forwarded: for=203.0.113.9;proto=https', 'X-Forwarded-For: 6.6.6.6'],
  ],
] as const) {
  test(`${kind}: a service behind a balancer that ends TLS is told of the client and of https, and so is the log`, async (t) => {
    const origin = await startOrigin(t, 'web');
    const clients: string[] = [];
    const config = parseConfig(
      `cluster: dc1\nfederation: acme\nregion: eu\n${yaml}\n`,
      '/gateway.yaml',
    );
    const { url } = await startGateway(t, {
      cluster: 'dc1',
      services: [{ name: 'web.shop', endpoints: [origin] }],
      proxies: proxiesOf(config),
      observes: {
        traced: undefined,
        logged: 1,
        told: { access: ({ client }: { client: string }) => void clients.push(client) } as never,
      },
    });
    await ask(url, 'web.shop.acme', ...fields.flatMap((field) => ['-H', field]));
    const headers = origin.requests[0]?.headers ?? {};
    t.is(headers['x-forwarded-for'], '203.0.113.9, 127.0.0.1');
    t.is(headers['x-forwarded-proto'], 'https');
    t.is(headers['x-forwarded-host'], 'web.shop.acme');
    t.is(headers.forwarded, 'for=203.0.113.9;host="web.shop.acme";proto=https, for=127.0.0.1');
    t.deepEqual(clients, ['203.0.113.9']);
  });
}
