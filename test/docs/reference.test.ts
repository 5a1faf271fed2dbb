/** Owns the specification of the documentation: it names what there is, and its links lead somewhere. */
import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { errorCodes } from '../../core/error-codes.ts';
import { configSchema } from '../../gateway/config/config.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every error code is in the reference, with what it means and what to do', async (t) => {
  const reference = await readFile(join(root, 'docs/reference.md'), 'utf8');
  for (const [code, { title, status, kind, fix }] of Object.entries(errorCodes)) {
    const row = `| \`${code}\` | ${title} | ${status} | ${kind} | ${fix} |`;
    t.true(reference.includes(row), `docs/reference.md lacks: ${row}`);
  }
});

test('the reference has no error code that is gone', async (t) => {
  const reference = await readFile(join(root, 'docs/reference.md'), 'utf8');
  const codes = reference.slice(reference.indexOf('## Error codes')).match(/(?<=^\| `)[A-Z_]+/gm);
  t.deepEqual(
    codes?.filter((code) => !(code in errorCodes)),
    [],
  );
});

test('every key at the top of the configuration is in the reference', async (t) => {
  const reference = await readFile(join(root, 'docs/reference.md'), 'utf8');
  for (const key of Object.keys(configSchema.def.shape))
    t.regex(reference, new RegExp(`\`${key}[\`.]`));
});

test('links between pages lead to files that are there', async (t) => {
  const pages = ['README.md', 'CONTRIBUTING.md'];
  for (const folder of ['docs', 'docs/decisions', 'bench']) {
    for (const name of await readdir(join(root, folder))) {
      if (name.endsWith('.md')) pages.push(`${folder}/${name}`);
    }
  }
  for (const page of pages) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      await t.notThrowsAsync(access(resolve(root, dirname(page), target)), `${page}: ${target}`);
    }
  }
});
