/** Specifies that the embedded registry does all that a registry must; where that is to survive a kill, in a process of its own. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../core/log.ts';
import { startEmbeddedRegistry } from '../../registry/embedded/index.ts';
import { type RegistryProcess, startRegistryProcess } from '../support/registry-process.ts';
import { openStore } from '../support/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { checks, deadlineMs, kills } from './conformance/checks.ts';
import { rawClient } from './raw-client.ts';

type Registry = Pick<RegistryProcess, 'address' | 'kill' | 'start'>;

/** In this process, which spares a start, and can't be killed. */
async function startHere(t: ExecutionContext): Promise<Registry> {
  const file = join(await tempDir(t), 'registry.db');
  const registry = await startEmbeddedRegistry({ file, listen: '127.0.0.1:0', log: silentLog });
  t.teardown(() => registry.close());
  const kill = () => Promise.reject(new Error('a check that kills belongs to `kills`'));
  return { address: registry.address, kill, start: kill };
}

for (const [name, check] of Object.entries(checks)) {
  test.serial(`embedded: ${name}`, async (t) => {
    const registry = await (name in kills ? startRegistryProcess(t) : startHere(t));
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
