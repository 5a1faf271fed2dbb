/** Specifies the file of registered endpoints. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createLog, silentLog } from '../../../core/log.ts';
import type { Registration } from '../../../gateway/catalog/catalog.ts';
import { RegistrationsFile } from '../../../gateway/catalog/registrations-file.ts';
import { checkSchema } from '../../../gateway/health/check.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { registration } from '../records.ts';

async function open(t: ExecutionContext, log = silentLog) {
  const path = join(await tempDir(t), 'data', 'registrations.json');
  const clock = new ManualClock();
  return { path, clock, file: new RegistrationsFile(path, clock, log) };
}

/** What a gateway started anew finds. */
const loaded = (path: string) => new RegistrationsFile(path, new ManualClock(), silentLog).load();

const everything: Registration[] = [
  registration(),
  registration('cart-2', {
    address: 'cart.internal',
    port: 8080,
    zone: 'b',
    weight: 7,
    labels: { team: 'core' },
    exported: false,
    check: checkSchema.parse({ http: { path: '/up', expect: [204, '300-399'], host: 'me' } }),
    ttlMs: 15_000,
    deregisterAfterMs: 60_000,
  }),
  registration('cart-3', { check: checkSchema.parse({ tcp: true, interval: '10s', fall: 5 }) }),
];

test('where nothing was registered there is nothing', async (t) => {
  const { file } = await open(t);
  t.deepEqual(await file.load(), []);
});

test('what was registered is there for the next start, down to its check and heartbeat', async (t) => {
  const { file, path } = await open(t);
  file.changed(() => everything);
  await file.flush();
  const text = (registrations: readonly Registration[]) =>
    JSON.parse(JSON.stringify(registrations));
  t.deepEqual(text(await loaded(path)), text(everything));
});

test('a burst of changes is written once, a tenth of a second after the first, as things are by then', async (t) => {
  const { file, clock, path } = await open(t);
  let asked = 0;
  const current = [registration('cart-1')];
  const registrations = () => {
    asked++;
    return current;
  };
  file.changed(registrations);
  clock.advance(60);
  current.push(registration('cart-2'));
  file.changed(registrations);
  t.is(asked, 0);
  clock.advance(40);
  await until('it is written', async () => (await loaded(path)).length === 2);
  t.is(asked, 1);
  t.is(clock.pending, 0);
});

test('at the end what is pending is written at once; where nothing is, nothing', async (t) => {
  const { file, clock, path } = await open(t);
  file.changed(() => everything);
  await file.flush();
  t.is(clock.pending, 0);
  await writeFile(path, 'untouched');
  await file.flush();
  t.is(await readFile(path, 'utf8'), 'untouched');
});

test('changes that come during a write share the next', async (t) => {
  const { file, path } = await open(t);
  file.changed(() => []);
  const writes = [file.flush()];
  let asked = 0;
  for (let i = 0; i < 5; i++) {
    file.changed(() => {
      asked++;
      return everything;
    });
    writes.push(file.flush());
  }
  await Promise.all(writes);
  t.is(asked, 1);
  t.is((await loaded(path)).length, everything.length);
});

test('of two writes the later one stays', async (t) => {
  const { file, path } = await open(t);
  file.changed(() => everything);
  void file.flush();
  file.changed(() => []);
  await file.flush();
  t.deepEqual(await loaded(path), []);
});

for (const [what, text] of Object.entries({
  'is not JSON': '{"version": 1, "endpoints": [',
  'is empty': '',
  'is of a version from the future': '{"version": 2, "endpoints": []}',
  'names an endpoint no label fits': JSON.stringify({
    version: 1,
    endpoints: [registration('../../etc')],
  }),
  'claims an endpoint of the configuration': JSON.stringify({
    version: 1,
    endpoints: [registration('cart-1', { source: 'config' })],
  }),
})) {
  test(`a file that ${what} stops the start, for going on without would withdraw what is registered`, async (t) => {
    const { file, path } = await open(t);
    await mkdir(join(path, '..'));
    await writeFile(path, text);
    const error = await t.throwsAsync(file.load(), { code: 'FILE_UNREADABLE' });
    t.like(error, { where: path });
  });
}

test('a disk that takes nothing is told in the log, and the next change is tried again', async (t) => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  const { file, path } = await open(t, log);
  await writeFile(join(path, '..'), 'a file where the folder belongs');
  file.changed(() => everything);
  await file.flush();
  t.is(lines.length, 1);
  t.like(JSON.parse(lines[0] ?? ''), {
    level: 'error',
    err: { code: 'FILE_UNWRITABLE', where: path },
  });
  file.changed(() => everything);
  await file.flush();
  t.is(lines.length, 2);
});
