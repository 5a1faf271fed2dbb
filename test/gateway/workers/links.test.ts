/** Specifies the state of a link, of what all workers say of theirs. */
import test from 'ava';
import type { LinkStatus } from '../../../gateway/link/pool.ts';
import { combinedStatus, LinkBoard } from '../../../gateway/workers/link-board.ts';
import { dc2 } from '../records.ts';

const table: readonly [string, readonly LinkStatus[], LinkStatus][] = [
  ['nobody asked for a link', [], { state: 'none', rttMs: undefined }],
  ['every worker is linked, at the least round trip', [up(12), up(9)], up(9)],
  ['one is, the other not yet', [up(12), { state: 'connecting' }], connecting(12)],
  ['one is, the other lost it', [up(12), { state: 'down' }], connecting(12)],
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
  const board = new LinkBoard();
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
