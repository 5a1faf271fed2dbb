/** Specifies what the built UI weighs, and that it is made of nothing from elsewhere and nothing inline. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { builtUi } from '../../gateway/admin/ui-files.ts';

const budget = 90 * 1024;

test('all scripts together are under 90 KB gzipped', async (t) => {
  const names = (await readdir(join(builtUi, 'assets'))).filter((name) => name.endsWith('.js'));
  const sizes = await Promise.all(
    names.map(async (name) => gzipSync(await readFile(join(builtUi, 'assets', name))).length),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.log(`${names.length} scripts, ${(total / 1024).toFixed(1)} KB gzipped`);
  t.true(names.length > 0);
  t.true(total < budget, `${total} bytes`);
});

test('the page has no inline script or style, and asks for nothing of another origin', async (t) => {
  const html = await readFile(join(builtUi, 'index.html'), 'utf8');
  t.notRegex(html, /<script(?![^>]*\ssrc=)/);
  t.notRegex(html, /<style|\sstyle=|\son\w+=/);
  for (const [, url = ''] of html.matchAll(/(?:src|href)="([^"]*)"/g)) t.regex(url, /^\/(?!\/)/);
});
