/** Specifies the paths and addresses that rewrites and redirects make: the Gateway API's own table, and its examples. */
import test from 'ava';
import { changedPath } from '../../../../../gateway/data/request/route/rewrite.ts';
import { redirected } from '../../../../../gateway/data/request/split/redirect.ts';

/** The path asked for, the prefix of the match, what replaces it, and what comes of it. */
const table = [
  ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
  ['/foo', '/foo', '/xyz', '/xyz'],
  ['/foo/', '/foo', '/xyz', '/xyz/'],
  ['/foo/bar', '/foo', '', '/bar'],
  ['/foo/', '/foo', '', '/'],
  ['/foo', '/foo', '', '/'],
  ['/foo/', '/foo', '/', '/'],
  ['/foo', '/foo', '/', '/'],
  ['/foo/bar?a=/b', '/foo', '/xyz', '/xyz/bar?a=/b'],
  ['/bar', '', '/xyz', '/xyz/bar'],
] as const;

for (const [path, prefix, replacePrefixMatch, expected] of table) {
  test(`${path} with ${prefix} replaced by ${JSON.stringify(replacePrefixMatch)} is ${expected}`, (t) => {
    const change = { type: 'ReplacePrefixMatch', replacePrefixMatch } as const;
    t.is(changedPath(path, change, prefix), expected);
  });
}

test('a full path is replaced, and the query stays', (t) => {
  const change = { type: 'ReplaceFullPath', replaceFullPath: '/one' } as const;
  t.is(changedPath('/full/one?a=b', change, '/full'), '/one?a=b');
});

const asked = { scheme: 'http', authority: 'example.com:8080', path: '/a/b?c' } as const;

const redirects = [
  ['nothing said', {}, 'http://example.com:8080/a/b?c'],
  ['a host', { hostname: 'example.org' }, 'http://example.org:8080/a/b?c'],
  ['a scheme, and with it its port', { scheme: 'https' }, 'https://example.com/a/b?c'],
  ['a port', { port: 8443 }, 'http://example.com:8443/a/b?c'],
  ['a scheme and a port', { scheme: 'https', port: 8443 }, 'https://example.com:8443/a/b?c'],
  ["a port that is the scheme's", { port: 80 }, 'http://example.com/a/b?c'],
  [
    'a prefix',
    { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/x' } },
    'http://example.com:8080/x/b?c',
  ],
  [
    'a path',
    { path: { type: 'ReplaceFullPath', replaceFullPath: '/x' } },
    'http://example.com:8080/x?c',
  ],
] as const;

for (const [what, redirect, expected] of redirects) {
  test(`a redirect with ${what} leads to ${expected}`, (t) => {
    const answer = redirected(asked, { statusCode: 302, ...redirect }, '/a');
    t.is(answer.status, 302);
    t.deepEqual(answer.fields, ['location', expected]);
  });
}
