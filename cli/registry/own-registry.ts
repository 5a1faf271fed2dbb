/** Owns opening the embedded registry of a gateway for a migration into it: the one that runs, or before that its file, which begins anew. */
import { existsSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import type { GatewayConfig } from '../../gateway/control/config/config.ts';
import { registryFile } from '../../gateway/control/membership/hosted-registry.ts';
import { isEmpty } from '../../registry/backup/kept.ts';
import type { Store } from '../../registry/store.ts';
import { type OpenedRegistry, openFile, openHosted } from './registry-access.ts';

interface OwnOptions {
  /** Nothing is made or moved. */
  readonly dryRun: boolean;
  /** What a file has of another time is put aside. */
  readonly force: boolean;
}

export type MigrationTarget = Pick<OpenedRegistry, 'name' | 'close'> & {
  readonly store: Pick<Store, 'getMany' | 'txn'>;
};

/** Throws REGISTRY_NOT_EMPTY for a file with records of the federation, REGISTRY_FILE_LOCKED while a gateway hosts it, and what opening it throws. */
export async function openOwn(
  config: GatewayConfig,
  options: OwnOptions,
): Promise<MigrationTarget> {
  const { dataDir, federation, registry } = config;
  if (registry?.embedded) return openHosted(config, registry.embedded.listen);
  await refuseOther(dataDir);
  const file = registryFile(dataDir);
  const isThere = existsSync(file);
  if (!isThere && options.dryRun) return { name: file, store: nothing, close: async () => {} };
  const opened = await openFile(config, file);
  try {
    // Records that others have removed since would come back with it.
    if (!isThere || (await isEmpty(opened.store, federation))) return opened;
    if (options.dryRun) return opened;
    if (!options.force) throw notEmpty(file);
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
  await opened.close();
  await rename(file, `${file}.before-${new Date(systemClock.now()).toISOString()}`);
  return openFile(config, file);
}

/** Holds nothing, and is never written to. */
const nothing: MigrationTarget['store'] = {
  getMany: async (keys) => keys.map(() => undefined),
  txn: () => Promise.reject(new Error('nothing is written here')),
};

function notEmpty(file: string): IsthmusError {
  return new IsthmusError('REGISTRY_NOT_EMPTY', {
    what: 'The file is of an embedded registry from before',
    where: file,
    fix: 'With `--force` it is put aside, under another name, and a new one is made.',
  });
}

/** What root made, the gateway could not open. Throws FILE_UNWRITABLE. */
async function refuseOther(dataDir: string): Promise<void> {
  const owner = (await stat(dataDir)).uid;
  if (process.getuid === undefined || process.getuid() === owner) return;
  throw new IsthmusError('FILE_UNWRITABLE', {
    what: "The data folder is another user's",
    where: dataDir,
    fix: 'Run it as the user of the gateway.',
  });
}
