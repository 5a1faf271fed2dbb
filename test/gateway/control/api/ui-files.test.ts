/** Specifies how the built UI is served: its files, its deep links, and what a browser may do in it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '../../../support/temp-dir.ts';
import { open } from './open.ts';

const html = { accept: 'text/html,application/xhtml+xml' };

async function withUi(t: ExecutionContext) {
  const ui = await tempDir(t);
  await mkdir(join(ui, 'assets'));
  await writeFile(join(ui, 'index.html'), '{"page":"index"}');
  await writeFile(join(ui, 'assets', 'index-DX3r9kQa.js'), '{"script":1}');
  await writeFile(join(ui, 'favicon.svg'), '{"icon":1}');
  await writeFile(join(ui, '..', `secret-${ui.split('/').at(-1)}.txt`), '"secret"');
  return open(t, { ui });
}

test('the page is at the root, and is asked for anew each time', async (t) => {
  const { ask } = await withUi(t);
  const answer = await ask('/', { headers: html });
  t.like(answer, { status: 200, json: { page: 'index' } });
  t.like(answer.headers, {
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
  });
  t.is(
    (await ask('/', { headers: { ...html, 'if-none-match': answer.headers.etag ?? '' } })).status,
    304,
  );
});

test('a file whose name has its hash is kept for ever, another one is not', async (t) => {
  const { ask } = await withUi(t);
  const script = await ask('/assets/index-DX3r9kQa.js');
  t.like(script.headers, { 'cache-control': 'public, max-age=31536000, immutable' });
  t.regex(script.headers['content-type'] ?? '', /javascript/);
  t.like((await ask('/favicon.svg')).headers, { 'cache-control': 'no-cache' });
});

test('a deep link is answered with the page', async (t) => {
  const { ask } = await withUi(t);
  for (const path of ['/services', '/services/cart.shop', '/drills/abc?tab=report', '/clusters']) {
    t.like(await ask(path, { headers: html }), { status: 200, json: { page: 'index' } }, path);
  }
});

test('what there is not below /v1, and a file there is not, is a problem also to a browser', async (t) => {
  const { ask } = await withUi(t);
  for (const path of ['/v1/nothing', '/clusters/dc2/v1/nothing', '/assets/gone-12345678.js']) {
    const { status, json } = await ask(path, { headers: html });
    t.like({ status, ...json }, { status: 404, code: 'ROUTE_NOT_FOUND' }, path);
  }
  t.is((await ask('/services')).status, 404, 'a program did not ask for a page');
});

test('security: no path leads out of the folder of the UI', async (t) => {
  const { ask, ...rest } = await withUi(t);
  t.truthy(rest);
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '//etc/passwd.txt',
  ]) {
    const { status, text } = await ask(path);
    t.true(status === 403 || status === 404 || status === 400, `${path}: ${status}`);
    t.false(text.includes('secret"'));
  }
});

test('security: a page may load and reach nothing but this origin, and be framed by nobody', async (t) => {
  const { ask } = await withUi(t);
  for (const path of ['/', '/v1/services', '/nothing']) {
    const { headers } = await ask(path, { headers: html });
    const policy = String(headers['content-security-policy']);
    t.regex(policy, /default-src 'none'/);
    t.regex(policy, /script-src 'self'(;|$)/);
    t.regex(policy, /frame-ancestors 'none'/);
    t.notRegex(policy, /unsafe|\*/);
    t.like(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  }
});

test('without a built UI the root says how to build it', async (t) => {
  const { ask } = await open(t, { ui: join(await tempDir(t), 'none') });
  const { status, json } = await ask('/', { headers: html });
  t.like({ status, ...json }, { status: 404, fix: 'Build it: `npm run build`.' });
});
