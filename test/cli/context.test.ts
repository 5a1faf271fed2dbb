/** Specifies which gateway a command talks to, and the file that names gateways. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseAdminAddress } from '../../cli/admin-address.ts';
import { configPath } from '../../cli/config-path.ts';
import { findAdmin } from '../../cli/context.ts';
import { tempDir } from '../support/temp-dir.ts';
import { isthmus } from './in-process.ts';

const file = `# my gateways
current: dc1
contexts:
  dc1: { admin: http://127.0.0.1:8001 }
  dc2: { admin: unix:/run/dc2.sock } # over there
`;

async function written(t: ExecutionContext, text: string): Promise<string> {
  const path = join(await tempDir(t), 'config.yaml');
  await writeFile(path, text);
  return path;
}

const choices: readonly (readonly [
  what: string,
  flags: { admin?: string; context?: string },
  env: Record<string, string>,
  found: string,
])[] = [
  ['nothing: the current context', {}, {}, 'http://127.0.0.1:8001'],
  ['$ISTHMUS_CONTEXT over the current one', {}, { ISTHMUS_CONTEXT: 'dc2' }, 'unix:/run/dc2.sock'],
  [
    '$ISTHMUS_ADMIN over $ISTHMUS_CONTEXT',
    {},
    { ISTHMUS_CONTEXT: 'dc2', ISTHMUS_ADMIN: 'http://h:1' },
    'http://h:1',
  ],
  [
    '--context over $ISTHMUS_ADMIN',
    { context: 'dc2' },
    { ISTHMUS_ADMIN: 'http://h:1' },
    'unix:/run/dc2.sock',
  ],
  ['--admin over all', { admin: 'h:2' }, { ISTHMUS_ADMIN: 'http://h:1' }, 'http://h:2'],
];

for (const [what, flags, env, found] of choices) {
  test(`given ${what}`, async (t) => {
    const path = await written(t, file);
    t.is((await findAdmin(flags, { ...env, ISTHMUS_CONFIG: path })).text, found);
  });
}

test('without a file it is the gateway of this machine', async (t) => {
  const address = await findAdmin({}, { ISTHMUS_CONFIG: join(await tempDir(t), 'none.yaml') });
  t.is(address.text, 'http://127.0.0.1:7001');
});

const places: readonly (readonly [env: Record<string, string>, path: string])[] = [
  [{ ISTHMUS_CONFIG: '/x/c.yaml', XDG_CONFIG_HOME: '/xdg', HOME: '/home/a' }, '/x/c.yaml'],
  [{ XDG_CONFIG_HOME: '/xdg', HOME: '/home/a' }, '/xdg/isthmus/config.yaml'],
  [{ HOME: '/home/a' }, '/home/a/.config/isthmus/config.yaml'],
];

for (const [env, path] of places) {
  test(`the file is ${path} given ${Object.keys(env).join(', ')}`, (t) =>
    t.is(configPath(env), path));
}

const addresses: readonly (readonly [text: string, parsed: string | undefined])[] = [
  ['http://127.0.0.1:7001', 'http://127.0.0.1:7001'],
  ['127.0.0.1:7001', 'http://127.0.0.1:7001'],
  ['http://[::1]:7001/', 'http://[::1]:7001'],
  ['unix:/run/a.sock', '/run/a.sock'],
  ['unix:///run/a.sock', '/run/a.sock'],
  ['https://h:1', 'https://h:1'],
  ['http://h:1/path', undefined],
  ['http://user:secret@h:1', undefined],
  ['http://h:1?q', undefined],
  ['unix:', undefined],
  ['', undefined],
];

for (const [text, parsed] of addresses) {
  test(`${JSON.stringify(text)} ${parsed === undefined ? 'is no' : 'is an'} admin address`, (t) => {
    if (parsed === undefined) {
      t.throws(() => parseAdminAddress(text), { code: 'CONFIG_INVALID' });
    } else {
      const address = parseAdminAddress(text);
      t.is(address.kind === 'unix' ? address.path : address.text, parsed);
    }
  });
}

const faults: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  [
    'an unknown key',
    'curent: dc1\n',
    /CONFIG_UNKNOWN_KEY: .*"curent".* \(.*config\.yaml:1:1\)\n {2}fix: Did you mean "current"\?/,
  ],
  [
    'a current context that is not there',
    'current: dc9\n',
    /CONFIG_INVALID: current: there is no context of this name \(.*:1:1\)/,
  ],
  [
    'an address that is none',
    'contexts:\n  a:\n    admin: ftp://x\n',
    /CONFIG_INVALID: contexts\.a\.admin: .*not the address.* \(.*:3:5\)/,
  ],
  ['text that is not YAML', 'contexts: {\n', /CONFIG_SYNTAX/],
];

for (const [what, text, says] of faults) {
  test(`a file with ${what} is refused at its place`, async (t) => {
    const path = await written(t, text);
    const { code, stderr } = await isthmus(['status'], { env: { ISTHMUS_CONFIG: path } });
    t.regex(stderr, says);
    t.is(code, 65);
  });
}

test('an unknown context is not found, and the nearest is named', async (t) => {
  const env = { ISTHMUS_CONFIG: await written(t, file) };
  const { code, stderr } = await isthmus(['status', '--context', 'dc3'], { env });
  t.regex(stderr, /CONTEXT_NOT_FOUND: There is no context "dc3" .*\n {2}fix: Did you mean dc1\?/);
  t.is(code, 4);
});

test('contexts are set, listed, used and removed, and comments stay', async (t) => {
  const path = join(await tempDir(t), 'sub', 'config.yaml');
  const env = { ISTHMUS_CONFIG: path };
  const run = (...args: string[]) => isthmus(['context', ...args], { env });
  t.is((await run('list')).stderr, `No contexts in ${path}.\n`);
  t.is((await run('set', 'dc1', 'http://127.0.0.1:8001')).code, 0);
  await writeFile(path, `# mine\n${await readFile(path, 'utf8')}`);
  t.is((await run('set', 'dc2', 'unix:/run/dc2.sock')).code, 0);
  t.is((await run('use', 'dc2')).code, 0);
  t.is(
    (await run('list')).stdout,
    'CURRENT  NAME  ADMIN\n         dc1   http://127.0.0.1:8001\n*        dc2   unix:/run/dc2.sock\n',
  );
  t.is((await run('use', 'dc3')).code, 4);
  t.is((await run('set', 'dc3', 'ftp://x')).code, 65);
  t.is((await run('remove', 'dc2')).code, 0);
  t.is(
    await readFile(path, 'utf8'),
    '# mine\ncontexts:\n  dc1:\n    admin: http://127.0.0.1:8001\n',
  );
});
