/** Specifies what a line of the log has, and what never reaches it. */
import test from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import { createLog, type LogOptions } from '../../core/log.ts';

/** Logs once and reads the line back. */
function logged(fields: object, options: LogOptions = {}): Record<string, unknown> {
  const lines: string[] = [];
  const log = createLog({ ...options, destination: { write: (line) => void lines.push(line) } });
  log.info(fields, 'something happened');
  return JSON.parse(lines.join(''));
}

for (const name of [
  'token',
  'secret',
  'password',
  'key',
  'keyPem',
  'privateKey',
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
]) {
  test(`security: ${name} is not written to the log, however deep a field holds it`, (t) => {
    const secret = 'c2VjcmV0';
    const line = logged({
      [name]: secret,
      request: { [name]: secret, headers: { [name]: secret, accept: '*/*' } },
    });
    t.is(line[name], '[redacted]');
    t.false(JSON.stringify(line).includes(secret));
    t.like(line, { request: { headers: { accept: '*/*' } } });
  });
}

test('a refusal is logged as code, message, place, advice and cause, without a stack', (t) => {
  const err = new IsthmusError('FILE_UNREADABLE', {
    what: 'The file is gone',
    where: '/etc/isthmus.yaml',
    cause: new Error('ENOENT'),
  });
  t.deepEqual(logged({ err })['err'], {
    code: 'FILE_UNREADABLE',
    message: 'The file is gone',
    where: '/etc/isthmus.yaml',
    fix: 'Check the path and its permissions.',
    cause: 'ENOENT',
  });
});

test('what nobody foresaw is logged with its stack', (t) => {
  const bug = new TypeError('undefined is not a function');
  t.like(logged({ err: bug })['err'], { type: 'TypeError', message: bug.message });
  for (const err of [bug, new IsthmusError('INTERNAL', { what: 'It broke', cause: bug })]) {
    const { stack } = logged({ err })['err'] as { stack?: string };
    t.regex(stack ?? '', /log\.test/);
  }
});

test('a line is one JSON object: level by name, time in UTC, the fields every line carries, no process id', (t) => {
  const { time, ...line } = logged({ port: 80 }, { fields: { cluster: 'dc1' } });
  t.deepEqual(line, { level: 'info', cluster: 'dc1', port: 80, msg: 'something happened' });
  t.regex(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('lines under the level are not written', (t) => {
  t.throws(() => logged({}, { level: 'warn' }), { instanceOf: SyntaxError });
});
