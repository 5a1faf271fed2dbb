/** Specifies what a registry must do, by a real etcd: it does all of it. */
import test from 'ava';
import { startEtcd } from '../support/etcd.ts';
import { openStore } from '../support/store.ts';
import { checks, deadlineMs } from './conformance/checks.ts';
import { rawClient } from './raw-client.ts';

// One etcd at a time: starting twenty of them at once starves them all.
for (const [name, check] of Object.entries(checks)) {
  test.serial(`etcd: ${name}`, async (t) => {
    const etcd = await startEtcd(t);
    await check(t, {
      store: openStore(t, { endpoints: [etcd.endpoint], deadlineMs }),
      raw: rawClient(t, etcd.address),
      async restart() {
        await etcd.kill();
        await etcd.start();
      },
    });
  });
}
