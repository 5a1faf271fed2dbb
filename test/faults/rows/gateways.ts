/** Owns the faults of gateways: killed, paused, replaced, twice there, without their data, under a flood of registrations. */
import type { Row } from '../row.ts';
import { register } from './registering.ts';

const killed: Row = {
  name: 'gateway-killed',
  title: 'one of two gateways killed',
  break: (scene) => scene.gateway('dc2/g1').kill(),
  heal: (scene) => scene.gateway('dc2/g1').start(),
  named: [{ at: ['dc2/g2'], codes: ['GATEWAY_LOST'] }],
};

const paused: Row = {
  name: 'gateway-paused',
  title: 'a gateway paused past its lease, and resumed',
  async break(scene) {
    scene.gateway('dc2/g1').pause();
  },
  async heal(scene) {
    scene.gateway('dc2/g1').resume();
  },
  lastsMs: 25_000,
  named: [{ at: ['dc2/g2'], codes: ['GATEWAY_LOST'] }],
};

const upgraded: Row = {
  name: 'rolling-upgrade',
  title: 'rolling upgrade of every gateway, twice',
  async break({ gateways }) {
    for (const gateway of [...gateways, ...gateways]) await gateway.takeOver();
  },
};

const restarted: Row = {
  name: 'rolling-restart',
  title: 'every gateway of two stopped by SIGTERM and started, one after the other',
  async break({ gateways }) {
    for (const gateway of gateways.filter(({ datacenter }) => datacenter !== 'dc3')) {
      await gateway.stop();
      await gateway.start();
    }
  },
};

const flooded: Row = {
  name: 'registrations',
  title: '10,000 registrations at once',
  async break(scene) {
    const parts = ['flood-1', 'flood-2', 'flood-3', 'flood-4'];
    await Promise.all(parts.map((service) => register(scene, 'dc2/g1', service, 2_500)));
  },
};

const sameId: Row = {
  name: 'same-id',
  title: 'two gateways with one id',
  break: (scene) => scene.addTwin('dc2/g2'),
  heal: (scene) => scene.removeTwin(),
  named: [{ at: ['dc2/twin'], codes: ['GATEWAY_ID_TAKEN'] }],
};

const dataLost: Row = {
  name: 'data-lost',
  title: 'a gateway of two started without its data',
  async break(scene) {
    const gateway = scene.gateway('dc2/g2');
    await gateway.kill();
    await gateway.loseData();
    await gateway.start('displaced');
  },
  heal: (scene) => scene.admitAgain('dc2/g2'),
  named: [{ at: ['dc2/g2'], codes: ['AUTHORITY_LOST'] }],
};

export const gatewayFaults: readonly Row[] = [
  killed,
  paused,
  upgraded,
  restarted,
  flooded,
  sameId,
  dataLost,
];
