/** Specifies the documentation: it names what there is, its links lead somewhere, and its configurations are valid. */
import { globSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { errorCodes } from '../../core/error-codes.ts';
import { outdatedPages } from '../../docs/reference/pages.ts';
import { configSchema, parseConfig } from '../../gateway/control/config/config.ts';
import { configKeys } from '../gateway/control/config/keys.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Those at the top of a configuration. */
const keys = Object.keys(configSchema.def.shape);

test('every error code is in the reference, with what it means and what to do', async (t) => {
  const reference = await readFile(join(root, 'docs/reference.md'), 'utf8');
  for (const [code, { title, status, kind, fix }] of Object.entries(errorCodes)) {
    const row = `| \`${code}\` | ${title} | ${status} | ${kind} | ${fix} |`;
    t.true(reference.includes(row), `docs/reference.md lacks: ${row}`);
  }
});

test('the reference has no error code that is gone', async (t) => {
  const reference = await readFile(join(root, 'docs/reference.md'), 'utf8');
  const codes = reference.slice(reference.indexOf('## Error codes')).match(/(?<=^\| `)[A-Z\d_]+/gm);
  t.deepEqual(
    codes?.filter((code) => !(code in errorCodes)),
    [],
  );
});

/** The keys that the reference's tables name: `x.a`, `.b` are `x.a` and `x.b`. */
async function documentedKeys(): Promise<Set<string>> {
  const reference = await readFile(join(root, 'docs/reference.md'), 'utf8');
  const [, part = ''] = /^## Configuration$(.*?)^## /ms.exec(reference) ?? [];
  const documented = new Set<string>();
  for (const [, before = '', rows = ''] of part.matchAll(
    /((?:^[^\n|]+\n)+)\n^\| key \|.*\n\| ---.*\n((?:\|.*\n)+)/gm,
  )) {
    // What a table is about is said before it: `balance`:, or `ingress`, a list: ...
    const [, about, isList] = /^`(\w+)`(, a list)?:/.exec(before) ?? [];
    const prefix = about ? `${about}${isList ? '[]' : ''}.` : '';
    for (const [, cell = ''] of rows.matchAll(/^\| (.*?) \|/gm)) {
      let last = '';
      for (const [, name = ''] of cell.matchAll(/`([\w.[\]]+)[^`]*`/g)) {
        last = name.startsWith('.') ? last.replace(/\.\w+$/, name) : name;
        documented.add(last.startsWith(prefix) ? last : prefix + last);
      }
    }
  }
  return documented;
}

test('every key of a configuration is in the reference', async (t) => {
  const documented = await documentedKeys();
  t.deepEqual(
    configKeys().filter((key) => !documented.has(key)),
    [],
  );
});

test('the reference has no key of a configuration that is gone', async (t) => {
  const keys = configKeys();
  t.deepEqual(
    [...(await documentedKeys())].filter((key) => !keys.some((one) => one.startsWith(key))),
    [],
  );
});

/** Every page, and what is in it. */
async function pages(): Promise<[path: string, text: string][]> {
  const paths = globSync(
    ['*.md', 'docs/**/*.md', 'bench/*.md', 'terraform/{,modules/*/,examples/*/}*.md'],
    { cwd: root },
  );
  return Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), 'utf8')]));
}

/** What a link to a heading of a page may name. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('links between pages lead to files and headings that are there', async (t) => {
  for (const [page, text] of await pages()) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const file = path ? resolve(root, dirname(page), path) : join(root, page);
      await t.notThrowsAsync(access(file), `${page}: ${target}`);
      if (anchor === undefined) continue;
      t.true(anchorsOf(await readFile(file, 'utf8')).includes(anchor), `${page}: ${target}`);
    }
  }
});

test('the pages on kinds of policy are as their schemas are: `npm run docs:reference` writes them', (t) => {
  t.deepEqual(outdatedPages(), []);
});

test('the files that the life of a request passes are there', async (t) => {
  const text = await readFile(join(root, 'docs/life-of-a-request.md'), 'utf8');
  for (const [, name = ''] of text.matchAll(/`([\w/-]+\.ts)`/g)) {
    const folder = name.startsWith('core/') ? '' : 'gateway/data';
    await t.notThrowsAsync(access(join(root, folder, name)), name);
  }
});

test('configurations that pages show are valid', async (t) => {
  let seen = 0;
  for (const [page, text] of await pages()) {
    for (const [block] of text.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)) {
      const yaml = block.replace(/^ {4}/gm, '').trim();
      if (!keys.includes(/^(\w+): /.exec(`${yaml} `.replace('\n', ' '))?.[1] ?? '')) continue;
      seen++;
      const config = `cluster: dc1\nfederation: acme\nregion: eu\n${yaml}\n`;
      t.notThrows(() => parseConfig(config, page), `${page}: ${yaml}`);
    }
  }
  t.true(seen >= 7);
});
