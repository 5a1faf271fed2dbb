/** Specifies the file of registered endpoints. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createLog, silentLog } from '../../../../core/log.ts';
import type { Registration } from '../../../../gateway/control/catalog/registration.ts';
import { RegistrationsFile } from '../../../../gateway/control/catalog/registrations-file.ts';
import { checkSchema } from '../../../../policy/health-check.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { cart, registration } from '../../records.ts';

/** A file, and what is registered while it is used. */
async function open(t: ExecutionContext, log = silentLog) {
  const path = join(await tempDir(t), 'data', 'registrations.json');
  const clock = new ManualClock();
  const current = new Map<string, Registration>();
  const file = new RegistrationsFile({ path, registrations: () => current.values(), clock, log });
  const put = (...registrations: readonly Registration[]) => {
    for (const registration of registrations) {
      const { service, id } = registration;
      current.set(id, registration);
      file.changed({ service, id, registration });
    }
  };
  const remove = (id: string) => {
    current.delete(id);
    file.changed({ service: cart, id, registration: undefined });
  };
  return { path, clock, file, put, remove };
}

/** What a gateway started anew finds. */
const loaded = (path: string) =>
  new RegistrationsFile({
    path,
    registrations: () => [],
    clock: new ManualClock(),
    log: silentLog,
  }).load();
const idsIn = async (path: string) => (await loaded(path)).map(({ id }) => id).sort();

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
  const { file, path, put } = await open(t);
  put(...everything);
  await file.flush();
  const text = (registrations: readonly Registration[]) =>
    JSON.parse(JSON.stringify(registrations));
  t.deepEqual(text(await loaded(path)), text(everything));
});

test('what was replaced or removed later is there as it was last', async (t) => {
  const { file, path, put, remove } = await open(t);
  put(...everything);
  await file.flush();
  put(registration('cart-1', { port: 81 }));
  await file.flush();
  remove('cart-2');
  put(registration('cart-4'));
  await file.flush();
  t.deepEqual(await idsIn(path), ['cart-1', 'cart-3', 'cart-4']);
  t.is((await loaded(path)).find(({ id }) => id === 'cart-1')?.port, 81);
});

test('a write grows with what changed, not with what is registered', async (t) => {
  const { file, path, put } = await open(t);
  put(...Array.from({ length: 2_000 }, (_, i) => registration(`cart-${i}`)));
  await file.flush();
  const { ino, size } = await stat(path);
  for (let i = 0; i < 50; i++) {
    put(registration(`cart-${i}`, { port: 81 }));
    await file.flush();
  }
  const after = await stat(path);
  t.is(after.ino, ino, 'the file was added to, not replaced');
  t.true(after.size - size < 50 * 300, `${after.size - size} bytes for 50 changes`);
  t.is((await loaded(path)).filter(({ port }) => port === 81).length, 50);
});

test('a file of many changes is written anew, as long as what is registered', async (t) => {
  const { file, path, put } = await open(t);
  for (let i = 0; i < 600; i++) {
    put(registration('cart-1', { port: 1 + i }));
    await file.flush();
  }
  t.true((await stat(path)).size < 100_000);
  t.is((await loaded(path))[0]?.port, 600);
});

test('a burst of changes is written once, a tenth of a second after the first, as things are by then', async (t) => {
  const { clock, path, put } = await open(t);
  put(registration('cart-1'));
  clock.advance(60);
  put(registration('cart-2'));
  await t.throwsAsync(stat(path));
  clock.advance(40);
  await until('it is written', async () => (await loaded(path)).length === 2);
  t.is(clock.pending, 0);
});

test('at the end what is pending is written at once; where nothing is, nothing', async (t) => {
  const { file, clock, path, put } = await open(t);
  put(...everything);
  await file.flush();
  t.is(clock.pending, 0);
  await writeFile(path, 'untouched');
  await file.flush();
  t.is(await readFile(path, 'utf8'), 'untouched');
});

test('changes that come before a write begins share it', async (t) => {
  const { file, path, put } = await open(t);
  put(registration('cart-0'));
  await file.flush();
  const writes: Promise<void>[] = [];
  for (let i = 1; i <= 5; i++) {
    put(registration('cart-1', { port: i }));
    writes.push(file.flush());
  }
  await Promise.all(writes);
  t.is((await readFile(path, 'utf8')).split('\n').length, 3, 'everything, one change, and the end');
  t.is((await loaded(path)).find(({ id }) => id === 'cart-1')?.port, 5);
});

test('a last line that a crash cut short is passed over, and not added to', async (t) => {
  const first = await open(t);
  first.put(registration('cart-1'));
  await first.file.flush();
  first.put(registration('cart-2'));
  await first.file.flush();
  const { path } = first;
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -20));
  t.deepEqual(await idsIn(path), ['cart-1']);

  const registrations = () => [registration('cart-1'), registration('cart-3')];
  const clock = new ManualClock();
  const next = new RegistrationsFile({ path, registrations, clock, log: silentLog });
  await next.load();
  next.changed({ service: cart, id: 'cart-3', registration: registration('cart-3') });
  await next.flush();
  t.deepEqual(await idsIn(path), ['cart-1', 'cart-3']);
});

for (const [what, text] of Object.entries({
  'is not JSON': '{"version": 1, "endpoints": [',
  'is empty': '',
  'changes what it does not say': '{"version":1,"endpoints":[]}\n{"drop":"cart-1"}\n',
  'is damaged between two changes':
    '{"version":1,"endpoints":[]}\n{"remove":{"serv\n{"remove":{"service":"cart.shop","id":"a"}}\n',
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

test('what a disk does not take is named until it does, and written then, with what came meanwhile', async (t) => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  const { file, path, put, clock } = await open(t, log);
  const folder = join(path, '..');
  await writeFile(folder, 'a file where the folder belongs');
  put(...everything);
  await file.flush();
  t.like(file.problem, { code: 'FILE_UNWRITABLE', where: path });
  put(registration('cart-4'));
  await file.flush();
  t.is(lines.length, 1, 'the log says it once');
  t.like(JSON.parse(lines[0] ?? ''), {
    level: 'error',
    err: { code: 'FILE_UNWRITABLE', where: path },
  });
  await rm(folder);
  clock.advance(1_000);
  await until('it is written', () => file.problem === undefined);
  t.deepEqual(await idsIn(path), ['cart-1', 'cart-2', 'cart-3', 'cart-4']);
  t.is(clock.pending, 0);
});
