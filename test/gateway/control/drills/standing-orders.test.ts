/** Specifies what is written for an order, so that the newest counts whoever gave it and whatever clocks say. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import {
  type DrainRecord,
  type FailoverRecord,
  inForce,
} from '../../../../federation/drills/records.ts';
import { StandingOrders } from '../../../../gateway/control/drills/standing-orders.ts';

const [dc1, dc2] = [parseClusterName('dc1'), parseClusterName('dc2')];
const orders = parseServiceName('orders.shop');

/** Two clusters that see each other's orders at once, with clocks that disagree: dc1's stands at 1, dc2's at 1000. */
function federation() {
  const drains: DrainRecord[] = [];
  const failovers: FailoverRecord[] = [];
  const board = {
    drains,
    failovers,
    get drained() {
      return [inForce(drains) ?? []].flat();
    },
    get failedOver() {
      return [inForce(failovers) ?? []].flat();
    },
  };
  const part = {
    board,
    sight: { assertMember: () => undefined, assertService: () => undefined },
    told: async (isTold: () => boolean) => {
      if (!isTold()) throw new Error('it was not written');
    },
    writer: {
      write: (kind: string, record: object) =>
        write({ drains, failovers }[kind] as { cluster: string }[], record as { cluster: string }),
    },
  };
  const seat = { participation: part, member: () => part, heard: async () => part };
  const ordersOf = (self: typeof dc1, now: number) =>
    new StandingOrders({ self, now: () => now, seat });
  return { board, at1: ordersOf(dc1, 1), at2: ordersOf(dc2, 1_000) };
}

/** A cluster has one record about one thing: its last. */
function write<R extends { readonly cluster: string }>(records: R[], record: R): void {
  const i = records.findIndex(({ cluster }) => cluster === record.cluster);
  records.splice(i === -1 ? records.length : i, i === -1 ? 0 : 1, record);
}

test('a drain holds until anybody undoes it, and can be ordered again', async (t) => {
  const { board, at1, at2 } = federation();
  const first = await at2.drain(dc1, { rampMs: 5, reason: 'new switches' });
  t.deepEqual(first, {
    ...{ cluster: dc2, of: dc1, sequence: 1, active: true, at: 1_000, rampMs: 5 },
    reason: 'new switches',
  });
  t.deepEqual(at1.inForce().drains, [first]);
  const undone = await at1.undrain(dc1);
  t.like(undone, { cluster: dc1, sequence: 2, active: false, at: 1 });
  t.false('reason' in undone);
  t.deepEqual(board.drained, []);
  t.like(await at2.drain(dc1, { rampMs: 0 }), { cluster: dc2, sequence: 3, active: true });
  t.is(board.drained.length, 1);
});

test('a failover is replaced by the next, and undone by anybody', async (t) => {
  const { at1, at2 } = federation();
  await at1.failOver(orders, { to: dc2, percent: 20 });
  const second = await at2.failOver(orders, { to: dc1, percent: 100, reason: 'all of it' });
  t.like(second, { cluster: dc2, sequence: 2, to: dc1, percent: 100, reason: 'all of it' });
  t.deepEqual(at1.inForce().failovers, [second]);
  t.like(await at1.endFailover(orders), { cluster: dc1, sequence: 3, active: false });
  t.deepEqual(at2.inForce().failovers, []);
});

test('what is not in force can not be undone', async (t) => {
  const { at1 } = federation();
  for (const undo of [at1.undrain(dc1), at1.endFailover(orders)]) {
    const error = await t.throwsAsync(undo, { instanceOf: IsthmusError });
    t.is(error.code, 'ORDER_NOT_FOUND');
  }
});

test('of several orders the highest counts, and of equals that of the first name', (t) => {
  const order = (cluster: string, sequence: number, active = true) => ({
    ...{ cluster, sequence, active },
  });
  const table: readonly (readonly [ReturnType<typeof order>[], string | undefined])[] = [
    [[], undefined],
    [[order('dc2', 1)], 'dc2'],
    [[order('dc2', 1), order('dc1', 2)], 'dc1'],
    [[order('dc1', 2), order('dc2', 1)], 'dc1'],
    [[order('dc2', 3), order('dc1', 3)], 'dc1'],
    [[order('dc1', 3), order('dc2', 3)], 'dc1'],
    [[order('dc1', 1), order('dc2', 2, false)], undefined],
    [[order('dc1', 3, false), order('dc2', 3)], undefined],
  ];
  for (const [given, cluster] of table) t.is(inForce(given)?.cluster, cluster);
});
