/** Specifies that the embedded registry does all that a registry must; it runs in a process of its own that can be killed. */
import test from 'ava';
import { startRegistryProcess } from '../support/registry-process.ts';
import { openStore } from '../support/store.ts';
import { checks, deadlineMs } from './conformance/checks.ts';
import { rawClient } from './raw-client.ts';

for (const [name, check] of Object.entries(checks)) {
  test.serial(`embedded: ${name}`, async (t) => {
    const registry = await startRegistryProcess(t);
    await check(t, {
      store: openStore(t, { endpoints: [`http://${registry.address}`], deadlineMs }),
      raw: rawClient(t, registry.address),
      async restart() {
        await registry.kill();
        await registry.start();
      },
    });
  });
}
