/** Specifies completion: what real shells offer. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { collectionOf, policyKindNames, singularOf } from '../../policy/kind-names.ts';
import { tempDir } from '../support/temp-dir.ts';
import { adminAt } from './admin-at.ts';
import { clusters, schedule, services } from './answers.ts';
import { bin, cleanEnv, ended, isthmus, start } from './command.ts';

const cases: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['isthmus st', ['status']],
  [
    'isthmus get ',
    [
      ...['audit', 'clusters', 'endpoints', 'events', 'exports', 'gateways', 'graph', 'services'],
      ...['trust', ...policyKindNames.map(collectionOf)],
    ].sort(),
  ],
  ['isthmus -o json get cl', ['clusters']],
  ['isthmus --context get token ', ['create', 'revoke']],
  ['isthmus status -o ', ['json', 'jsonpath=', 'table', 'wide', 'yaml']],
  ['isthmus get cluster -o ', ['json', 'jsonpath=', 'name', 'table', 'wide', 'yaml']],
  ['isthmus get cluster ', ['dc1', 'dc2']],
  ['isthmus get service --no', ['--no-headers']],
  ['isthmus completion ', ['bash', 'fish', 'zsh']],
  ['isthmus explain api.prod --fr', ['--from']],
  ['isthmus explain api.prod --from ', ['dc1', 'dc2']],
  ['isthmus explain ', ['api.prod']],
  ['isthmus get endpoints --service a', ['api.prod']],
  ['isthmus context use ', ['east', 'west']],
  ['isthmus drill schedule ', ['delete', 'get', 'list', 'set']],
  ['isthmus drill schedule get ', ['monthly']],
  ['isthmus delete ', [...policyKindNames].map(singularOf).sort()],
  ['isthmus describe traffic-policy ', ['shop/cart', 'shop/orders']],
  ['isthmus get service-defaults ', ['shop/pay']],
  ['isthmus explain-schema ser', ['service-defaults', 'service-export']],
  ['isthmus explain-schema -o ', ['json', 'json-schema', 'jsonpath=', 'table', 'wide', 'yaml']],
];

/** A folder with `isthmus` on the path of a shell, a live gateway and two contexts. */
async function scene(t: ExecutionContext) {
  const dir = await tempDir(t);
  await mkdir(join(dir, 'bin'));
  const command = join(dir, 'bin', 'isthmus');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  await chmod(command, 0o755);
  const config = join(dir, 'config.yaml');
  await writeFile(config, 'contexts: { east: { admin: a:1 }, west: { admin: b:1 } }\n');
  const admin = await adminAt(t, (app) => {
    app.get('/v1/clusters', () => ({ items: clusters }));
    app.get('/v1/services', () => ({ items: services }));
    const named = (...names: string[]) => names.map((name) => ({ namespace: 'shop', name }));
    app.get('/v1/traffic-policies', () => ({ items: named('orders', 'cart', '$(reboot)') }));
    app.get('/v1/service-defaults', () => ({ items: named('pay') }));
    app.get('/v1/drill-schedules', () => ({ items: [schedule] }));
  });
  const path = `${join(dir, 'bin')}:${process.env['PATH']}`;
  return { dir, env: { ...admin, ISTHMUS_CONFIG: config, PATH: path, HOME: dir } };
}

async function script(t: ExecutionContext, shell: string, dir: string): Promise<string> {
  const { code, stdout } = await isthmus(['completion', shell]);
  t.is(code, 0);
  const file = join(dir, `completion.${shell}`);
  await writeFile(file, stdout);
  return file;
}

function has(shell: string): boolean {
  return spawnSync(shell, ['--version'], { env: cleanEnv() }).status === 0;
}

/** What bash offers for `line`, asked the way its line editor asks. */
async function bashOffers(file: string, line: string, env: Record<string, string>) {
  const ask = `source "$1"
    read -ra COMP_WORDS <<< "$2"
    [[ $2 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _isthmus
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = await ended(start('bash', ['-c', ask, 'bash', file, line], { env }));
  return { ...run, offers: run.stdout.split('\n').filter(Boolean).sort() };
}

test('bash offers verbs, options, values and live names', async (t) => {
  const { dir, env } = await scene(t);
  const file = await script(t, 'bash', dir);
  for (const [line, offered] of cases) {
    const { offers, stderr } = await bashOffers(file, line, env);
    t.deepEqual(offers, [...offered], line);
    t.is(stderr, '', line);
  }
});

test('bash offers files where a file is meant, spaces and all', async (t) => {
  const { dir, env } = await scene(t);
  const file = await script(t, 'bash', dir);
  await writeFile(join(dir, 'my scenario.yaml'), '');
  const { offers } = await bashOffers(file, `isthmus simulate -f ${dir}/my`, env);
  t.deepEqual(offers, [`${dir}/my scenario.yaml`]);
});

test("security: a name from elsewhere can't run in the shell that completes it", async (t) => {
  const { dir, env } = await scene(t);
  const file = await script(t, 'bash', dir);
  const hostile = [
    { ...services[0], service: `$(touch ${dir}/pwned)` },
    { ...services[0], service: 'a;b' },
    { ...services[0], service: 'good.prod' },
  ];
  const admin = await adminAt(t, (app) => app.get('/v1/services', () => ({ items: hostile })));
  const { offers } = await bashOffers(file, 'isthmus explain ', { ...env, ...admin });
  t.deepEqual(offers, ['good.prod']);
  t.not(spawnSync('ls', [join(dir, 'pwned')]).status, 0);
});

test('names are asked for with the address and the credentials that stand on the line', async (t) => {
  const { dir, env } = await scene(t);
  const file = await script(t, 'bash', dir);
  const asked: unknown[] = [];
  const admin = await adminAt(t, (app) =>
    app.get('/v1/services', ({ headers }) => {
      asked.push(headers.authorization);
      return { items: [{ ...services[0], service: 'other.prod' }] };
    }),
  );
  await writeFile(join(dir, 'token'), 'from-a-file');
  const line = `isthmus --admin ${admin.ISTHMUS_ADMIN} --admin-token-file ~/token explain `;
  t.deepEqual((await bashOffers(file, line, env)).offers, ['other.prod']);
  const fromEnv = { ...env, ...admin, ISTHMUS_ADMIN_TOKEN: 'from-the-environment' };
  t.deepEqual((await bashOffers(file, 'isthmus explain ', fromEnv)).offers, ['other.prod']);
  t.deepEqual(asked, ['Bearer from-a-file', 'Bearer from-the-environment']);
});

test('without a gateway nothing is offered and nothing is printed', async (t) => {
  const { dir, env } = await scene(t);
  const file = await script(t, 'bash', dir);
  const away = { ...env, ISTHMUS_ADMIN: 'http://127.0.0.1:1' };
  const { offers, stderr } = await bashOffers(file, 'isthmus explain ', away);
  t.deepEqual(offers, []);
  t.is(stderr, '');
});

test('zsh accepts its script', async (t) => {
  if (!has('zsh')) return t.pass('there is no zsh here');
  const { dir, env } = await scene(t);
  const file = await script(t, 'zsh', dir);
  const load = `autoload -Uz compinit && compinit -u -d "${dir}/dump" && source "${file}" && print -r -- $_comps[isthmus]`;
  const run = await ended(start('zsh', ['-f', '-c', load], { env }));
  t.is(run.stderr, '');
  t.is(run.stdout, '_isthmus\n');
});

test('fish offers verbs, options, values and live names', async (t) => {
  if (!has('fish')) return t.pass('there is no fish here');
  const { dir, env } = await scene(t);
  const file = await script(t, 'fish', dir);
  for (const [line, offered] of cases) {
    const ask = `source "${file}"; complete -C "${line}"`;
    const { stderr, stdout } = await ended(start('fish', ['--no-config', '-c', ask], { env }));
    const offers = stdout
      .split('\n')
      .filter(Boolean)
      .map((text) => text.split('\t')[0]);
    t.deepEqual(offers.sort(), [...offered], line);
    t.is(stderr, '', line);
  }
});
