/** Specifies the one form in which a path is decided by and sent on, and what is refused because it has none. */
import test from 'ava';
import { normalPath } from '../../../../gateway/data/request/normalize.ts';
import { seeded } from '../../../support/random.ts';

/** Normal already: the very same is sent on. */
for (const target of [
  '',
  '/',
  '/a/b',
  '/a/b/',
  '/a//b',
  '/.well-known/acme-challenge/x',
  '/a/...',
  '/a/..b/c..',
  '/a/.b',
  '/caf%C3%A9',
  '/a%20b',
  '/100%25',
  '/a;v=1/b',
  '/a?next=/../b',
  '/a?x=%2e%2f%00%',
  '/@scope/name',
  "/!$&'()*+,=:@",
  '/%E4',
  '/%D0%AF',
]) {
  test(`${target} is normal`, (t) => t.is(normalPath(target, 'refuse'), target));
}

for (const [target, normal] of Object.entries({
  '/%61%7E%2D%5f%30': '/a~-_0',
  '/caf%c3%a9': '/caf%C3%A9',
  '/a/./b': '/a/b',
  '/a/../b': '/b',
  '/a/%2e%2E/b': '/b',
  '/a/.%2e/b?c=/..': '/b?c=/..',
  '/a/%2e': '/a/',
  '/a/b/..': '/a/',
  '/..': '/',
  '/.': '/',
  '/../../a': '/a',
  '/a//../b': '/a/b',
  '/a/..?x': '/?x',
  '/far/..;/../b': '/far/b',
})) {
  test(`${target} is ${normal}`, (t) => t.is(normalPath(target, 'refuse'), normal));
}

for (const target of [
  '/far/..%2fsecret',
  '/far/x/..%2F..%2Fsecret',
  '/far/.%2E%2fsecret',
  '/a%2fb',
  '/far/..%5csecret',
  '/a%5Cb',
  '/far/..;/secret',
  '/far/..;x=1/secret',
  '/far/.;/secret',
  '/far/..%3b/secret',
  '/far/%2e%2e;/secret',
  '/far/%252e%252e/secret',
  '/far/%25252e./secret',
  '/far/..%252fsecret',
  '/far/..%09/secret',
  '/far/.%0d%0a./secret',
  '/far/..%20/secret',
  '/a%00',
  '/far/..%00/secret',
  '/far/%c0%ae%c0%ae/secret',
  '/far/..%c0%afsecret',
  '/far/..%e0%80%afsecret',
  '/far/..%F0%80%80%AFsecret',
  '/%',
  '/%2',
  '/%zz',
  '/%u002e%u002e/secret',
]) {
  test(`security: ${target} could be read in two ways, and is refused`, (t) => {
    t.like(normalPath(target, 'refuse'), { kind: 'ambiguous' });
  });
}

test('an encoded slash may be kept, but never one that leads out of a folder', (t) => {
  t.is(normalPath('/projects/group%2fname', 'keep'), '/projects/group%2Fname');
  t.is(normalPath('/@scope%2Fname?a', 'keep'), '/@scope%2Fname?a');
  for (const target of [
    '/far/..%2fsecret',
    '/far%2F..%2fsecret',
    '/far/x%2f..',
    '/%2e%2e%2f',
    '/a%5cb',
  ]) {
    t.like(normalPath(target, 'keep'), { kind: 'ambiguous' }, target);
  }
});

const pieces = [
  ...[
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    ';',
    ';x',
    '%3b',
    '%25',
    '%252e',
    '%00',
    '%20',
    '%c0',
    '%ae',
  ],
  ...['a', 'b', '%41', '%c3', '%', '%zz', '?', '?/../', '\t'],
];

test('whatever comes: what is normal stays so, and nobody who decodes it finds dots in it', (t) => {
  const random = seeded();
  t.log(`seed ${random.seed}`);
  for (let i = 0; i < 20_000; i++) {
    let target = '/';
    for (let left = random.below(9); left > 0; left--) {
      target += pieces[random.below(pieces.length)];
    }
    for (const slashes of ['refuse', 'keep'] as const) {
      const normal = normalPath(target, slashes);
      if (typeof normal !== 'string') continue;
      t.is(normalPath(normal, slashes), normal, target);
      let path = normal.split('?')[0] as string;
      for (let times = 0; times < 3; times++) {
        const segments = path.split(/[/\\]/).map((segment) => segment.replace(/;.*/, ''));
        if (segments.includes('.') || segments.includes('..')) t.fail(`${target}: ${normal}`);
        path = path.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number(`0x${hex}`)));
      }
    }
  }
  t.pass();
});
