/** Specifies the state of a link, of what all workers say of theirs. */
import test from 'ava';
import { combinedStatus, LinkBoard } from '../../../../gateway/control/workers/link-board.ts';
import type { LinkStatus } from '../../../../gateway/data/link/cluster-links.ts';
import { dc2 } from '../../records.ts';

const table: readonly [string, readonly LinkStatus[], LinkStatus][] = [
  ['nobody asked for a link', [], { state: 'none', rttMs: undefined }],
  ['every worker is linked, at the least round trip', [up(12), up(9)], up(9)],
  ['one is, the other not yet', [up(12), { state: 'connecting' }], connecting(12)],
  ['one is, the other lost it', [up(12), { state: 'down' }], connecting(12)],
  ['one hears nothing', [up(12), { state: 'suspect', rttMs: 9 }], { state: 'suspect', rttMs: 9 }],
  [
    'one hears nothing, another lost it, and one is linked',
    [up(12), { state: 'suspect' }, { state: 'down' }],
    connecting(12),
  ],
  ['nobody is', [{ state: 'down' }, { state: 'down' }], { state: 'down', rttMs: undefined }],
  ['one was not told of the cluster yet', [up(12), { state: 'none' }], up(12)],
];

function up(rttMs: number): LinkStatus {
  return { state: 'up', rttMs };
}
function connecting(rttMs: number): LinkStatus {
  return { state: 'connecting', rttMs };
}

for (const [situation, said, status] of table) {
  test(situation, (t) => t.deepEqual(combinedStatus(said), status));
}

test('only workers that take requests count, and changes are told once', (t) => {
  const board = new LinkBoard({ now: () => 0 });
  const told: string[] = [];
  board.onChange((cluster) => told.push(board.state(cluster).state));
  const [first, second] = [{}, {}];
  board.note(first, dc2, { state: 'connecting' });
  t.is(board.state(dc2).state, 'none');
  board.serves(first);
  board.note(first, dc2, up(10));
  board.note(second, dc2, { state: 'connecting' });
  t.is(board.state(dc2).state, 'up');
  board.note(second, dc2, up(10.5));
  board.serves(second);
  board.forget(first);
  t.is(board.state(dc2).state, 'up');
  board.forget(second);
  t.deepEqual(told, ['connecting', 'up', 'none']);
});

test("of workers that take requests the first tries for all what it can't reach, and nobody does for one that is alone", (t) => {
  const board = new LinkBoard({ now: () => 0 });
  const [first, second] = [{}, {}];
  t.true(board.note(first, dc2, up(10)), 'it gets through');
  t.false(board.note(first, dc2, up(20)), 'it did before');
  board.note(first, dc2, { state: 'down' });
  board.serves(first);
  t.deepEqual(board.scouting, { scout: undefined, clusters: [] });
  board.note(second, dc2, up(10));
  board.serves(second);
  t.deepEqual(board.scouting, { scout: first, clusters: [dc2] });
  board.note(first, dc2, { state: 'connecting' });
  t.deepEqual(board.scouting, { scout: first, clusters: [] });
  board.forget(first);
  t.deepEqual(board.scouting, { scout: undefined, clusters: [] });
});

test('a cluster is down since its last link was up, else since the gateway began', (t) => {
  let now = 1_000;
  const board = new LinkBoard({ now: () => now });
  const worker = {};
  board.serves(worker);
  now = 2_000;
  t.is(board.downSince(dc2), 1_000);
  board.note(worker, dc2, up(10));
  t.is(board.downSince(dc2), undefined);
  now = 3_000;
  board.note(worker, dc2, { state: 'suspect' });
  t.is(board.downSince(dc2), undefined, 'it may be alive');
  now = 4_000;
  board.note(worker, dc2, { state: 'down' });
  t.is(board.downSince(dc2), 3_000);
});
