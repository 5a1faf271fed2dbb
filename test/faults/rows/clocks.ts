/** Owns the faults of clocks, and of what lives by them: a clock that is off, while a gateway runs and when it starts, and certificates that expire. */
import type { Row } from '../row.ts';
import type { SceneGateway } from '../scene/gateway.ts';
import type { Scene } from '../scene/scene.ts';

const one = (scene: Scene): SceneGateway => scene.gateway('dc2/g2');

/** Restarts it so that its clock can be moved, or with the machine's own. */
async function restart(gateway: SceneGateway, clock: 'movable' | 'right'): Promise<void> {
  await gateway.stop();
  if (clock === 'movable') await gateway.clockCanMove();
  else gateway.clockIsRight();
  await gateway.start();
}

function off(name: string, title: string, hoursAhead: number): Row {
  return {
    name,
    title,
    prepare: (scene) => restart(one(scene), 'movable'),
    break: (scene) => one(scene).setClock(hoursAhead),
    heal: (scene) => one(scene).setClock(0),
    lastsMs: 15_000,
    named: [{ at: ['dc2/g2'], codes: ['CLOCK_SKEW'] }],
    tidy: (scene) => restart(one(scene), 'right'),
  };
}

function offAtStart(name: string, title: string, hoursAhead: number): Row {
  return {
    name,
    title,
    async break(scene) {
      const gateway = one(scene);
      await gateway.stop();
      await gateway.clockCanMove();
      await gateway.setClock(hoursAhead);
      // Its sibling serves; it gives way until its clock is right.
      await gateway.start('clock-off');
    },
    heal: (scene) => one(scene).setClock(0),
    lastsMs: 10_000,
    named: [{ at: ['dc2/g2'], codes: ['CLOCK_SKEW'] }],
    tidy: (scene) => restart(one(scene), 'right'),
  };
}

const expiry: Row = {
  name: 'leaf-expiry',
  title: 'every leaf expires at once, with the registry down',
  async prepare({ gateways }) {
    for (const gateway of gateways) await restart(gateway, 'movable');
  },
  async break({ etcd, gateways }) {
    await etcd.killAll();
    for (const gateway of gateways) await gateway.setClock(25);
  },
  heal: ({ etcd }) => etcd.startAll(),
  lastsMs: 10_000,
  // Clocks that went on by a day don't come back.
  spoils: true,
};

export const clockFaults: readonly Row[] = [
  off('clock-ahead', 'a clock 10 minutes ahead', 1 / 6),
  off('clock-behind', 'a clock 10 minutes behind', -1 / 6),
  offAtStart('clock-ahead-at-start', 'a gateway restarted with its clock 40 hours ahead', 40),
  offAtStart('clock-behind-at-start', 'a gateway restarted with its clock 40 hours behind', -40),
  expiry,
];
