/** Specifies what a host with a port looks like, wherever one is named. */
import test from 'ava';
import {
  hostIn,
  isAuthority,
  isHost,
  isTunnelAuthority,
  readAuthority,
  withoutEmptyPort,
} from '../../core/uri-authority.ts';

const read: Record<string, ReturnType<typeof readAuthority>> = {
  a: { host: 'a', port: undefined, zone: '' },
  'a:': { host: 'a', port: undefined, zone: '' },
  'WWW.Example.com.:443': { host: 'WWW.Example.com.', port: 443, zone: '' },
  'under_score:0': { host: 'under_score', port: 0, zone: '' },
  '10.0.0.1:00080': { host: '10.0.0.1', port: 80, zone: '' },
  '[::1]': { host: '::1', port: undefined, zone: '' },
  '[2001:DB8::1]:65535': { host: '2001:DB8::1', port: 65_535, zone: '' },
  '[fe80::1%eth0]:1': { host: 'fe80::1', port: 1, zone: '%eth0' },
};

for (const [text, authority] of Object.entries(read)) {
  test(`${text} is an authority`, (t) => t.deepEqual(readAuthority(text), authority));
}

for (const text of [
  '',
  ':80',
  'a b',
  'a\r\nb',
  'a\n',
  'a,b',
  'a:80,b',
  'a:80:90',
  'a:b',
  'a:-1',
  'a:65536',
  'a:99999',
  'a:000080',
  'a/b',
  'a:80/b',
  'a?b',
  'a#b',
  'a\\b',
  'u@a',
  'u:p@a',
  'a%00',
  'a%2e',
  'a"b',
  'a";for=6.6.6.6;host="x',
  "a'b",
  'a;b',
  'h\xe4',
  '::1',
  '[::1',
  '[::1]x',
  '[]',
  '[1.2.3.4]',
  '[::1]]:80',
  '[v1.a]',
  '[fe80::1%25eth0/]',
]) {
  test(`${JSON.stringify(text)} is no authority`, (t) => {
    t.is(readAuthority(text), undefined);
    t.false(isAuthority(text));
    t.false(isTunnelAuthority(text));
  });
}

test('a zone is of this machine: requests are for none', (t) => {
  t.false(isAuthority('[fe80::1%eth0]:80'));
  t.false(isTunnelAuthority('[fe80::1%eth0]:80'));
  t.true(isHost('fe80::1%eth0'));
});

test('a tunnel needs a port that can be dialed', (t) => {
  t.true(isTunnelAuthority('a:1'));
  t.true(isTunnelAuthority('[::1]:443'));
  for (const text of ['a', 'a:', 'a:0', '[::1]', '[::1]:']) t.false(isTunnelAuthority(text), text);
});

test('a host has neither port nor brackets', (t) => {
  for (const text of ['a', 'db.internal', '10.0.0.1', '::1', 'fe80::1%eth0']) {
    t.true(isHost(text), text);
  }
  for (const text of [
    '',
    'a:80',
    '[::1]',
    '::1]:80',
    'a\r\nb',
    'a b',
    'a/b',
    'u@a',
    ':::',
    '::1%',
  ]) {
    t.false(isHost(text), text);
  }
});

test('an empty port is none', (t) => {
  t.is(withoutEmptyPort('a:'), 'a');
  t.is(withoutEmptyPort('[::1]:'), '[::1]');
  for (const text of ['a', 'a:80', '[::1]']) t.is(withoutEmptyPort(text), text);
});

for (const [authority, host] of Object.entries({
  'www.example.com': 'www.example.com',
  'WWW.Example.COM': 'www.example.com',
  'www.example.com:8443': 'www.example.com',
  'www.example.com.': 'www.example.com',
  'www.example.com.:443': 'www.example.com',
  '[::1]:443': '[::1]',
  '[2001:DB8::1]': '[2001:db8::1]',
})) {
  test(`the host in ${authority} is ${host}`, (t) => t.is(hostIn(authority), host));
}
