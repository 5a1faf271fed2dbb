/** Specifies tokens, joining and leaving: secrets stay secret, and nothing changes unasked. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { JoinResult, Status } from '../../gateway/control/api/answers.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { adminAt } from './admin-at.ts';
import { plan, status } from './answers.ts';
import { bin, ended, start } from './command.ts';
import { isthmus } from './in-process.ts';

/** A gateway that records what it is asked to change. */
async function gateway(
  t: ExecutionContext,
  changed: Partial<Status> = {},
  lines: JoinResult['lines'] = plan.lines,
) {
  const asked: { path: string; body: unknown }[] = [];
  const env = await adminAt(t, (app) => {
    app.addHook('preHandler', async ({ body, method, url }) => {
      if (method !== 'GET') asked.push({ path: url, body });
    });
    app.get('/v1/status', () => ({ ...status, ...changed }));
    app.post('/v1/tokens', () => ({
      token: 'isthmus1.secret',
      id: 't-1',
      expiresAt: 1_790_000_900_000,
      fingerprint: 'sha256:AbC',
    }));
    app.post<{ Body: { dryRun?: boolean } }>('/v1/federation/join', ({ body }) => ({
      ...{ ...plan, lines },
      joined: body.dryRun !== true,
    }));
    app.post<{ Body: { cluster?: string } }>('/v1/federation/leave', ({ body }) => ({
      left: body.cluster ?? 'dc1',
    }));
  });
  return { env, asked };
}

const joinPath = '/v1/federation/join';
const dryRun = { path: joinPath, body: { token: 'secret', dryRun: true } };
const real = { path: joinPath, body: { token: 'secret' } };

test('token create prints the token alone, and the hints beside it', async (t) => {
  const { asked, env } = await gateway(t);
  const { code, stderr, stdout } = await isthmus(['token', 'create', '--ttl', '1h'], { env });
  t.is(stdout, 'isthmus1.secret\n');
  t.regex(stderr, /valid once, until 2026-09-21 14:28:20Z/);
  t.notRegex(stderr, /secret/);
  t.is(code, 0);
  t.deepEqual(asked, [{ path: '/v1/tokens', body: { ttl: '1h' } }]);
});

test('a token for another cluster in place of one that lost its data says so', async (t) => {
  const { asked, env } = await gateway(t);
  const { stderr } = await isthmus(['token', 'create', '--replaces', 'dc2'], { env });
  t.regex(stderr, /puts another dc2 in place of the one that is a member now/);
  t.deepEqual(asked, [{ path: '/v1/tokens', body: { replaces: 'dc2' } }]);
});

test('a token comes from a file, the environment or standard input, without a warning', async (t) => {
  const path = join(await tempDir(t), 'token');
  await writeFile(path, 'secret\n');
  const ways = [
    { args: ['--token-file', path] },
    { args: ['--token-file', '-'], stdin: 'secret\n' },
    { args: ['-'], stdin: 'secret\n' },
    { args: [], extra: { ISTHMUS_TOKEN: 'secret' } },
  ];
  for (const { args, extra = {}, stdin = '' } of ways) {
    const { asked, env } = await gateway(t);
    const run = await isthmus(['join', '--yes', ...args], { env: { ...env, ...extra }, stdin });
    t.is(run.stdout, 'joined acme via dc1\n');
    t.notRegex(run.stderr, /warning|secret/);
    t.is(run.code, 0);
    t.deepEqual(asked, [dryRun, real]);
  }
});

const unjoined: Partial<Status> = {
  ready: false,
  state: 'unjoined',
  registry: { kind: 'standalone', revision: 0, stale: false, fromCache: false, pendingWrites: 0 },
};

test('joining when needed leaves a member as it is', async (t) => {
  const { asked, env } = await gateway(t);
  const sibling = await gateway(t);
  const args = ['join', '--when-needed', '--sibling', sibling.env['ISTHMUS_ADMIN'] ?? '', '-'];
  t.like(await isthmus(args, { env, stdin: 'secret' }), {
    code: 0,
    stdout: 'a member of acme already\n',
  });
  t.deepEqual([...asked, ...sibling.asked], []);
});

test('joining when needed asks siblings, one after the other, before it uses the token', async (t) => {
  const { asked, env } = await gateway(t, unjoined);
  const sibling = await gateway(t);
  const addresses = ['http://127.0.0.1:1', sibling.env['ISTHMUS_ADMIN'] ?? ''];
  const args = ['join', '--when-needed', '--sibling', ...addresses, '--token-file', '-'];
  const { code, stderr, stdout } = await isthmus(args, { env, stdin: 'secret' });
  t.is(stdout, 'joined acme via dc1\n');
  t.regex(stderr, /^http:\/\/127\.0\.0\.1:1 does not admit it: ADMIN_UNREACHABLE/);
  t.is(code, 0);
  t.deepEqual(sibling.asked, [{ path: '/v1/tokens', body: { admits: 'gateway' } }]);
  t.deepEqual(asked, [{ path: joinPath, body: { token: 'isthmus1.secret' } }]);
});

test('joining when needed uses the token where there is no sibling, and leaves one without either to people', async (t) => {
  const { asked, env } = await gateway(t, unjoined);
  const args = ['join', '--when-needed'];
  t.like(await isthmus(args, { env }), {
    code: 0,
    stdout: 'no member, and there is no token: join it by hand\n',
  });
  t.like(await isthmus([...args, '-'], { env, stdin: 'secret\n' }), { code: 0 });
  t.deepEqual(asked, [real]);
});

test('security: a token on the command line is used with a warning and never printed', async (t) => {
  const { env } = await gateway(t);
  const { code, stderr, stdout } = await isthmus(['join', 'secret', '--yes'], { env });
  t.regex(stderr, /^warning: a token on the command line shows in the process list/);
  t.notRegex(stdout + stderr, /secret/);
  t.is(code, 0);
});

test('join --dry-run shows what would change and changes nothing', async (t) => {
  const { asked, env } = await gateway(t);
  const { stdout } = await isthmus(['join', '-', '--dry-run'], { env, stdin: 'secret' });
  t.regex(stdout, /^Joining acme via dc1\.\n.*sha256:AbC[\s\S]*CLUSTER +REGION +FINGERPRINT\ndc1 /);
  t.regex(
    stdout,
    /\n {2}ok {7}clock: The clock here is 2 ms ahead[\s\S]*What will change:\n {2}dc2 becomes/,
  );
  t.regex(stdout, /IDENTITY +GAINS\nspiffe:\/\/dc1\.acme\/gateway\/\* +believed by dc2/);
  t.deepEqual(asked, [dryRun]);
});

test('a join that would be refused is shown whole, and ends there with what to do', async (t) => {
  const refusal: JoinResult['lines'][number] = {
    subject: 'name',
    outcome: 'refused',
    what: 'The federation has a dc2',
    code: 'JOIN_CONFLICT',
    fix: 'Choose another name.',
  };
  for (const args of [['--dry-run'], ['--yes']]) {
    const { asked, env } = await gateway(t, {}, [...plan.lines, refusal]);
    const run = await isthmus(['join', '-', ...args], { env, stdin: 'secret' });
    t.regex(
      run.stdout + run.stderr,
      / {2}refused {2}name: The federation has a dc2\n {11}fix: Choose another name\./,
    );
    t.regex(run.stderr, /^error JOIN_CONFLICT: The federation has a dc2/m);
    t.is(run.code, 5);
    t.deepEqual(asked, [dryRun]);
  }
});

test('without a terminal and without --yes nothing is asked of the gateway', async (t) => {
  const { asked, env } = await gateway(t);
  t.is((await isthmus(['join', '-'], { env, stdin: 'secret' })).code, 64);
  t.is((await isthmus(['leave'], { env })).code, 64);
  t.deepEqual(asked, []);
});

test('an empty token and a missing token file are told apart', async (t) => {
  const empty = await isthmus(['join', '-', '--yes'], { stdin: ' \n' });
  t.regex(empty.stderr, /^error TOKEN_INVALID: The join token is empty \(stdin\)/);
  t.is(empty.code, 5);
  const missing = await isthmus(['join', '--token-file', '/nonexistent/token', '--yes']);
  t.regex(missing.stderr, /^error FILE_UNREADABLE: .*ENOENT/);
  t.is(missing.code, 65);
});

for (const [answer, code, changed] of [
  ['y', 0, true],
  ['no', 5, false],
  ['', 5, false],
] as const) {
  test(`on a terminal, ${JSON.stringify(answer)} to the question ${changed ? 'joins' : 'changes nothing'}`, async (t) => {
    if (!existsSync('/usr/bin/script')) return t.pass('there is no script(1) to make a terminal');
    const { asked, env } = await gateway(t);
    const line = `'${process.execPath}' '${bin}' join`;
    const child = start('/usr/bin/script', ['-qec', line, '/dev/null'], {
      env: { ...env, ISTHMUS_TOKEN: 'secret', NO_COLOR: '1', TERM: 'dumb' },
    });
    let shown = '';
    child.stdout?.on('data', (chunk) => {
      shown += chunk;
    });
    await until('the question', () => shown.includes('Join acme? [y/N]'));
    const run = await ended(child, `${answer}\n`);
    t.is(run.code, code);
    t.deepEqual(asked, changed ? [dryRun, real] : [dryRun]);
    if (!changed) t.regex(run.stdout, /nothing was changed/);
  });
}

test('leave names who leaves, and passes on cluster and force', async (t) => {
  const { asked, env } = await gateway(t);
  const own = await isthmus(['leave', '--yes'], { env });
  t.is(own.stdout, 'dc1 left acme\n');
  t.regex(own.stderr, /will stop trusting dc1 /);
  const other = await isthmus(['leave', '--cluster', 'dc3', '--force', '-y', '-o', 'json'], {
    env,
  });
  t.deepEqual(JSON.parse(other.stdout), { left: 'dc3' });
  t.is((await isthmus(['leave', '--cluster', 'DC 3', '-y'], { env })).code, 65);
  const path = '/v1/federation/leave';
  t.deepEqual(asked, [
    { path, body: {} },
    { path, body: { cluster: 'dc3', force: true } },
  ]);
});
