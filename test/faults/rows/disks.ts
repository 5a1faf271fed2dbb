/** Owns the faults of disks that are full. */
import type { Row } from '../row.ts';
import { register } from './registering.ts';

const full: Row = {
  name: 'disk-full',
  title: 'disk full under the data folder of a gateway',
  async break(scene) {
    await scene.gateway('dc2/g1').fillDisk();
    // Something to be written, which may be refused.
    await register(scene, 'dc3/g1', 'while-full', 1);
  },
  heal: (scene) => scene.gateway('dc2/g1').freeDisk(),
  lastsMs: 10_000,
  named: [{ at: ['dc2/g1'], codes: ['FILE_UNWRITABLE', 'DISK_FULL'] }],
};

export const diskFaults: readonly Row[] = [full];
