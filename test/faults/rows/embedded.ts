/** Owns the faults of the embedded registry: its host is killed, its disk is full. */
import type { Row } from '../row.ts';
import { register } from './registering.ts';

const hostKilled: Row = {
  name: 'host-killed',
  title: 'the founding gateway killed, and the embedded registry with it',
  registry: 'embedded',
  break: (scene) => scene.gateway('dc1/g1').kill(),
  heal: (scene) => scene.gateway('dc1/g1').start(),
  lastsMs: 20_000,
  named: [{ at: ['dc1/g2', 'dc2/g1', 'dc2/g2', 'dc3/g1'], codes: ['REGISTRY_UNAVAILABLE'] }],
};

const registryFull: Row = {
  name: 'registry-disk-full',
  title: 'disk full under the embedded registry',
  registry: 'embedded',
  async break(scene) {
    await scene.gateway('dc1/g1').fillDisk();
    await register(scene, 'dc3/g1', 'while-registry-full', 1);
  },
  heal: (scene) => scene.gateway('dc1/g1').freeDisk(),
  lastsMs: 10_000,
  named: [{ at: ['dc3/g1'], codes: ['REGISTRY_FULL'] }],
};

export const embeddedFaults: readonly Row[] = [hostKilled, registryFull];
