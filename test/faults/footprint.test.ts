/** Specifies what counts as flat of a process that is looked at for a long time. */
import { createServer } from 'node:net';
import test from 'ava';
import { type Footprint, flatnessOf, footprintOf } from './footprint.ts';

function looks(count: number, at: (i: number) => Partial<Footprint>): Footprint[] {
  return Array.from({ length: count }, (_, i) => ({
    memory: 100,
    handles: 60,
    sockets: 30,
    ...at(i),
  }));
}

for (const [what, kind, series] of [
  ['few looks', 'too young', looks(5, (i) => ({ memory: 100 * i }))],
  ['the same again and again', 'flat', looks(9, () => ({}))],
  ['memory that goes up and down', 'flat', looks(30, (i) => ({ memory: 100 + (i % 2) * 60 }))],
  ['caches that fill', 'flat', looks(30, (i) => ({ memory: 100 + Math.min(i, 20) }))],
  [
    'one look at a moment with many sockets',
    'flat',
    looks(9, (i) => ({ sockets: i === 8 ? 900 : 30 })),
  ],
  ['memory that leaks', 'growing', looks(30, (i) => ({ memory: 100 + 3 * i }))],
  ['handles that leak', 'growing', looks(30, (i) => ({ handles: 60 + i }))],
  ['sockets that leak', 'growing', looks(30, (i) => ({ sockets: 30 + i }))],
] as const) {
  test(`${what}: ${kind}`, (t) => t.is(flatnessOf(series).kind, kind));
}

test('what leaks is named', (t) => {
  t.like(flatnessOf(looks(9, (i) => ({ sockets: 30 + 9 * i }))), { what: ['sockets'] });
});

test('a socket that a process opens is a handle and a socket more', async (t) => {
  const before = await footprintOf(process.pid);
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const after = await footprintOf(process.pid);
  t.is(after.sockets, before.sockets + 1);
  t.true(after.handles > before.handles);
  t.true(after.memory > 10);
});
