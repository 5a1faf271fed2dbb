/** Specifies what the built UI weighs, and that it is made of nothing from elsewhere and nothing inline. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { builtUi } from '../../gateway/control/api/ui-files.ts';

const budget = 102 * 1024;

test('all scripts together are under 102 KB gzipped', async (t) => {
  const names = (await readdir(join(builtUi, 'assets'))).filter((name) => name.endsWith('.js'));
  const sizes = await Promise.all(
    names.map(async (name) => gzipSync(await readFile(join(builtUi, 'assets', name))).length),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.log(`${names.length} scripts, ${(total / 1024).toFixed(1)} KB gzipped`);
  t.true(names.length > 0);
  t.true(total < budget, `${total} bytes`);
});

test('every script and style stands ready compressed, and is smaller so', async (t) => {
  const names = await readdir(join(builtUi, 'assets'));
  for (const name of names.filter((one) => /\.(js|css)$/.test(one))) {
    const { size } = await stat(join(builtUi, 'assets', name));
    if (size < 1024) continue;
    for (const ending of ['.br', '.gz']) {
      const compressed = await stat(join(builtUi, 'assets', name + ending));
      t.true(compressed.size < size / 2, `${name}${ending}: ${compressed.size} of ${size}`);
    }
  }
});

test('the page has no inline script or style, and asks for nothing of another origin', async (t) => {
  const html = await readFile(join(builtUi, 'index.html'), 'utf8');
  t.notRegex(html, /<script(?![^>]*\ssrc=)/);
  t.notRegex(html, /<style|\sstyle=|\son\w+=/);
  for (const [, url = ''] of html.matchAll(/(?:src|href)="([^"]*)"/g)) t.regex(url, /^\/(?!\/)/);
});
