/** Specifies the embedded registry on a disk that is full: it says so, tells all that it has, and takes writes again when there is room, by itself. */
import { join } from 'node:path';
import test from 'ava';
import { silentLog } from '../../core/log.ts';
import { startEmbeddedRegistry } from '../../registry/embedded/index.ts';
import { noSmallDisk, smallDisk } from '../support/small-disk.ts';
import { openStore } from '../support/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const full = { code: 'REGISTRY_FULL', message: 'etcdserver: mvcc: database space exceeded' };

test('a full disk: writes are refused, reads and leases go on, also after a restart, until there is room', async (t) => {
  if (noSmallDisk !== undefined) {
    t.log(noSmallDisk);
    t.pass();
    return;
  }
  const dir = await tempDir(t);
  const disk = await smallDisk(t, dir, 8);
  const start = () =>
    startEmbeddedRegistry({
      file: join(dir, 'registry.sqlite'),
      listen: '127.0.0.1:0',
      autoCompact: { keepRevisions: 10, keepMs: 1_000 },
      log: silentLog,
    });
  let registry = await start();
  t.teardown(() => registry.close());
  const open = () => openStore(t, { endpoints: [`http://${registry.address}`] });
  let store = open();
  const value = Buffer.alloc(20_000, 'x');
  const put = (key: string) => store.txn([], [{ op: 'put', key, value }]);
  await put('a');
  const lease = await store.grantLease(2);
  await store.txn([], [{ op: 'put', key: 'leased', value, lease }]);

  await disk.fill();
  // What is free within the file is taken up first.
  await t.throwsAsync(async () => {
    for (;;) await put('a');
  }, full);
  await t.throwsAsync(store.grantLease(5), full);
  await store.keepAlive(lease);
  t.deepEqual((await store.get('a'))?.value, value);
  // As a crash leaves it.
  await registry.kill();
  await disk.fill();
  registry = await start();
  store = open();
  t.deepEqual((await store.get('a'))?.value, value);
  await t.throwsAsync(async () => {
    for (;;) await put('b');
  }, full);
  await disk.free();
  await put('b');
  await until('the lease that ran out meanwhile to be ended', async () => {
    return (await store.get('leased')) === undefined;
  });
});
