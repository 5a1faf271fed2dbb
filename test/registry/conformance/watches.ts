/** Owns what a registry must tell of changes: every one, once and in order. */
import { until } from '../../support/until.ts';
import { type Checks, put, watch } from './subject.ts';

export const watches: Checks = {
  async 'a watch from a past revision gets every change once, in order and by whole revisions'(
    t,
    { store },
  ) {
    await put(store, 'w/a', '1');
    const from = (await put(store, 'w/b', '1')).revision;
    await put(store, 'other', '1');
    await store.txn(
      [],
      [
        { op: 'put', key: 'w/a', value: '2' },
        { op: 'delete', key: 'w/b' },
        { op: 'put', key: 'w/c', value: '1' },
      ],
    );
    const seen = watch(t, store, 'w/', from);
    await put(store, 'w/d', '1');
    await until('the last', () => seen.length === 3);
    t.deepEqual(seen, [['+w/b=1'], ['+w/a=2', '-w/b', '+w/c=1'], ['+w/d=1']]);
  },

  async 'a watch from a future revision stays silent until then'(t, { raw, store }) {
    const { revision } = await put(store, 'a', '1');
    const stream = raw.watch();
    stream.write({ create_request: { key: Buffer.from('a'), start_revision: revision + 2 } });
    await until('created', () => stream.responses.some(({ created }) => created));
    await put(store, 'a', '2');
    await put(store, 'a', '3');
    await until('the event', () => stream.responses.some(({ events }) => events.length > 0));
    const values = stream.responses.flatMap(({ events }) =>
      events.map(({ kv }) => kv.value.toString()),
    );
    t.deepEqual(values, ['3']);
    stream.cancel();
  },

  async 'a watch of 2,000 revisions behind catches up without a gap'(t, { store }) {
    const batches = 250;
    for (let i = 0; i < batches; i++) {
      await store.txn(
        [],
        Array.from({ length: 8 }, (_, j) => ({ op: 'put', key: `w/${j}`, value: `${i}` })),
      );
    }
    const seen = watch(t, store, 'w/', 2);
    await until('all', () => seen.length >= batches);
    t.is(seen.length, batches);
    t.true(seen.every((events) => events.length === 8));
  },

  async 'a watch from a compacted revision ends saying so; one from after it goes on'(
    t,
    { store, raw },
  ) {
    for (let i = 0; i < 5; i++) await put(store, 'a', `${i}`);
    await raw.compact(5);
    const error = await new Promise<Error>((resolve) => {
      store.watch('a', 3, { events: () => {}, progress: () => {}, ended: resolve });
    });
    t.like(error, { code: 'REGISTRY_COMPACTED' });
    const seen = watch(t, store, 'a', 6);
    await until('the last', () => seen.length === 1);
    t.deepEqual(seen, [['+a=4']]);
  },

  async 'watches on one stream: ids, filters, values before, cancelling, progress'(
    t,
    { store, raw },
  ) {
    await put(store, 'a', '1');
    const stream = raw.watch();
    const key = Buffer.from('a');
    const everything = { key: Buffer.from([0]), range_end: Buffer.from([0]) };
    stream.write({ create_request: { key, prev_kv: true } });
    stream.write({ create_request: { ...everything, filters: ['NOPUT'] } });
    stream.write({ create_request: { key, watch_id: 77, filters: ['NODELETE'] } });
    const created = () => stream.responses.filter((response) => response.created);
    await until('three watches', () => created().length === 3);
    const [first, second] = created().map(({ watch_id }) => watch_id);
    t.is(created()[2]?.watch_id, '77');
    await put(store, 'a', '2');
    await store.txn([], [{ op: 'delete', key: 'a' }]);
    const of = (id: string | undefined) =>
      stream.responses.filter(({ watch_id }) => watch_id === id).flatMap(({ events }) => events);
    await until('events', () => of(first).length === 2 && of(second).length === 1);
    t.deepEqual(
      of(first).map(({ type, kv, prev_kv }) => [
        type,
        kv.value.toString(),
        prev_kv?.value.toString(),
      ]),
      [
        ['PUT', '2', '1'],
        ['DELETE', '', '2'],
      ],
    );
    t.deepEqual(
      of(second).map(({ type }) => type),
      ['DELETE'],
    );
    t.deepEqual(
      of('77').map(({ type }) => type),
      ['PUT'],
    );
    stream.write({ cancel_request: { watch_id: 77 } });
    await until('the cancellation', () =>
      stream.responses.some(({ canceled, watch_id }) => canceled && watch_id === '77'),
    );
    stream.write({ progress_request: {} });
    await until('progress', () => stream.responses.some(({ watch_id }) => watch_id === '-1'));
    stream.cancel();
    t.is(of('77').length, 1);
  },
};
