/** Specifies drill schedules by command: what is sent under which condition, and what is said of a file that is wrong. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';

import { tempDir } from '../support/temp-dir.ts';
import { adminAt } from './admin-at.ts';
import { schedule } from './answers.ts';
import { isthmus } from './in-process.ts';

const path = '/v1/drill-schedules/monthly';

/** A gateway with one schedule, that records what it is sent; it refuses what it is told to. */
async function gateway(t: ExecutionContext, refusal?: object) {
  const sent: unknown[] = [];
  const env = await adminAt(t, (app) => {
    app.get('/v1/drill-schedules', () => ({ items: [schedule] }));
    app.get(path, (_, reply) => reply.header('etag', '"tag-1"').send(schedule));
    app.route({
      method: ['PUT', 'DELETE'],
      url: path,
      handler({ method, body, headers }, reply) {
        const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
        sent.push({ method, ...(body as object), ifMatch, ifNoneMatch });
        if (refusal) return reply.code(400).send(refusal);
        return method === 'PUT' ? schedule : reply.code(204).send();
      },
    });
  });
  const run = (line: string, stdin = '') =>
    isthmus(['drill', 'schedule', ...line.split(' ')], { env, stdin });
  return { sent, run };
}

test('schedules are listed with when they run next, and by name', async (t) => {
  const { run } = await gateway(t);
  t.is(
    (await run('list')).stdout,
    `NAME     CLUSTER  DRILL                 CRON        TIME ZONE      NEXT RUN              ENABLED
monthly  dc1      evacuate cluster dc1  0 10 1 * *  Europe/Berlin  2026-10-01 08:00:00Z  yes
`,
  );
  t.is((await run('list -o name')).stdout, 'monthly\n');
  t.regex((await run('list -o wide')).stdout, /fri 12:00 to 24:00, 2026-12-20T00:00:00Z to 2027/);
});

test('get shows one for a person, and as data all of it', async (t) => {
  const { run } = await gateway(t);
  const { stdout } = await run('get monthly');
  t.regex(stdout, /^schedule {4}monthly of dc1, set 2026-09-21 14:13:20Z\n/);
  t.regex(stdout, /\nbut not {5}fri 12:00 to 24:00\n/);
  t.regex(stdout, /\nguardrails {2}errorRate 0\.01, load 0\.9, minHealthy 1, timeLimit 5m\n/);
  t.deepEqual(JSON.parse((await run('get monthly -o json')).stdout), schedule);
});

test('a schedule by itself replaces whatever is there, with --new nothing', async (t) => {
  const { sent, run } = await gateway(t);
  const { stdout } = await run('set monthly -f -', JSON.stringify(schedule.schedule));
  t.is(stdout, 'set schedule monthly: evacuate cluster dc1, next run 2026-10-01 08:00:00Z\n');
  await run('set monthly -f - --new', stringify(schedule.schedule));
  const put = { method: 'PUT', ...schedule.schedule };
  t.deepEqual(sent, [
    { ...put, ifMatch: undefined, ifNoneMatch: undefined },
    { ...put, ifMatch: undefined, ifNoneMatch: '*' },
  ]);
});

test('one that was printed and edited replaces the one that it was made from, and no other', async (t) => {
  const { sent, run } = await gateway(t);
  await run('set monthly -f -', stringify(schedule));
  t.like(sent, [{ method: 'PUT', cron: '0 10 1 * *', ifMatch: '"tag-1"' }]);
  const older = await run('set monthly -f -', stringify({ ...schedule, at: schedule.at - 1 }));
  t.regex(older.stderr, /^error PRECONDITION_FAILED: .* \(stdin\)\n {2}fix: Get it again/);
  t.is(sent.length, 1);
});

test('delete says what it has deleted, and deletes nothing else', async (t) => {
  const { sent, run } = await gateway(t);
  t.is(
    (await run('delete monthly')).stdout,
    'deleted schedule monthly: evacuate cluster dc1, 0 10 1 * *\n',
  );
  t.deepEqual(sent, [{ method: 'DELETE', ifMatch: '"tag-1"', ifNoneMatch: undefined }]);
});

for (const [what, text, says] of [
  [
    'a key that is none',
    'cron: 0 1 * * *\nspec: { kind: evacuate }\ntimezone: UTC\n',
    /^error CONFIG_UNKNOWN_KEY: There is no key "timezone" .*yaml:3:1\)\n {2}fix: Did you mean "timeZone"/,
  ],
  [
    'a value that is none, in one that was printed',
    stringify(schedule).replace('kind: evacuate', 'kind: evict'),
    /^error CONFIG_INVALID: schedule\.spec\.kind: .*yaml:\d+:\d+\)/,
  ],
  ['no YAML', 'cron: [', /^error CONFIG_SYNTAX: .*yaml:1:\d/],
] as const) {
  test(`a file with ${what} is refused at file, line and key, and nothing is sent`, async (t) => {
    const { sent, run } = await gateway(t);
    const file = join(await tempDir(t), 'monthly.yaml');
    await writeFile(file, text);
    const { code, stderr } = await run(`set monthly -f ${file}`);
    t.regex(stderr, says);
    t.is(code, 65);
    t.deepEqual(sent, []);
  });
}

test('what the gateway refuses is said at file, line and key, too', async (t) => {
  const refusal = { code: 'BODY_INVALID', detail: 'No such zone', where: 'spec.scope.cluster' };
  const { run } = await gateway(t, refusal);
  const file = join(await tempDir(t), 'monthly.yaml');
  await writeFile(file, 'cron: 0 1 * * *\nspec:\n  kind: evacuate\n  scope: { cluster: dc1 }\n');
  const { stderr } = await run(`set monthly -f ${file}`);
  t.regex(stderr, /^error BODY_INVALID: spec\.scope\.cluster: No such zone \(.*yaml:4:12\)/);
  const none = await run('set monthly -f /nonexistent.yaml');
  t.regex(none.stderr, /^error FILE_UNREADABLE: .*\(\/nonexistent\.yaml\)/);
});
