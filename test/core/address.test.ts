/** Specifies how addresses are read and written. */
import test from 'ava';
import { formatAddress, isLoopback, isWildcard, parseAddress } from '../../core/address.ts';

for (const [text, host, port] of [
  ['127.0.0.1:7080', '127.0.0.1', 7080],
  ['gw.dc1.example:443', 'gw.dc1.example', 443],
  ['[::1]:7080', '::1', 7080],
  ['[fe80::1%eth0]:65535', 'fe80::1%eth0', 65_535],
  ['localhost:0', 'localhost', 0],
] as const) {
  test(`${text} is port ${port} of ${host}, and is written so again`, (t) => {
    t.deepEqual(parseAddress(text), { host, port });
    t.is(formatAddress(host, port), text);
  });
}

for (const text of [
  '',
  'localhost',
  ':80',
  'localhost:',
  'localhost:65536',
  'localhost:-1',
  'localhost:8a',
  'local host:80',
  'http://localhost:80',
  '::1:80',
  '[::1]80',
  '[]:80',
  'a:80/path',
]) {
  test(`${JSON.stringify(text)} is not host:port`, (t) => {
    const error = t.throws(() => parseAddress(text), { code: 'CONFIG_INVALID' });
    t.true(error?.message.includes(JSON.stringify(text)));
  });
}

for (const [host, expected] of [
  ['0.0.0.0', true],
  ['::', true],
  ['127.0.0.1', false],
  ['::1', false],
  ['10.0.0.0', false],
] as const) {
  test(`${host} ${expected ? 'stands for every address' : 'can be dialed'}`, (t) => {
    t.is(isWildcard(host), expected);
  });
}

for (const host of ['localhost', '::1', '127.0.0.1', '127.255.0.9']) {
  test(`only this machine reaches ${host}`, (t) => t.true(isLoopback(host)));
}

for (const host of [
  '',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  'localhost.example',
  '127.0.0.1.example',
  '1127.0.0.1',
  '127.0.0',
]) {
  test(`${JSON.stringify(host)} is not taken for this machine alone`, (t) =>
    t.false(isLoopback(host)));
}
