/** Specifies `isthmus terraform install`: where the provider is put, and what is said about it. */

import { existsSync } from 'node:fs';
import { mkdir, readlink, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { providerSource } from '../../cli/terraform-plugin.ts';
import { version } from '../../core/version.ts';
import { tempDir } from '../support/temp-dir.ts';
import { isthmus } from './command.ts';

const launcher = fileURLToPath(new URL('../../bin/isthmus', import.meta.url));

test('it is linked for all configurations of the user, or for one, and prints what a configuration says', async (t) => {
  const HOME = await tempDir(t);
  const own = await isthmus(['terraform', 'install', '-o', 'json'], { env: { HOME } });
  const { path, source } = JSON.parse(own.stdout) as { path: string; source: string };
  t.true(path.startsWith(join(HOME, '.terraform.d/plugins', providerSource, version)));
  t.is(basename(path), `terraform-provider-isthmus_v${version}`);
  t.is(await readlink(path), launcher);
  t.is(source, providerSource);

  const one = await isthmus(['terraform', 'install', join(HOME, 'infrastructure')], {
    env: { HOME },
  });
  t.is(one.code, 0);
  t.regex(one.stdout, new RegExp(`source  = "${providerSource}"\n +version = "${version}"`));
  t.true(one.stderr.includes(join(HOME, 'infrastructure/terraform.d/plugins', providerSource)));
});

test('a link of another version goes, for it would lead to this one; what somebody else put there stays', async (t) => {
  const HOME = await tempDir(t);
  const install = () => isthmus(['terraform', 'install', '-o', 'json'], { env: { HOME } });
  const path = JSON.parse((await install()).stdout).path as string;
  const of = (other: string) => path.replaceAll(version, other);
  for (const [other, target] of [
    ['0.0.1', launcher],
    ['0.0.2', '/opt/other/isthmus'],
  ] as const) {
    await mkdir(dirname(of(other)), { recursive: true });
    await symlink(target, of(other));
  }
  t.is((await install()).code, 0);
  t.is(await readlink(path), launcher);
  t.false(existsSync(dirname(of('0.0.1'))));
  t.is(await readlink(of('0.0.2')), '/opt/other/isthmus');
});

test('a folder that can not be written to is said', async (t) => {
  const { code, stderr } = await isthmus(['terraform', 'install', '/dev/null']);
  t.is(code, 1);
  t.regex(stderr, /^error FILE_UNWRITABLE/);
});
