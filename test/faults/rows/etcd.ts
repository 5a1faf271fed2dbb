/** Owns the faults of an etcd that loses nothing: members that are gone or silent, users that change, history that is compacted. */
import type { Row } from '../row.ts';
import { gatewayNames } from '../scene/plan.ts';
import { register, routes } from './registering.ts';

const leaderKilled: Row = {
  name: 'leader-killed',
  title: 'etcd leader killed',
  async break({ etcd }) {
    await etcd.kill(await etcd.leader());
  },
  heal: ({ etcd }) => etcd.startAll(),
};

const etcdGone: Row = {
  name: 'etcd-gone',
  title: 'all of etcd killed for 60 s',
  break: ({ etcd }) => etcd.killAll(),
  heal: ({ etcd }) => etcd.startAll(),
  lastsMs: 60_000,
  named: [{ at: gatewayNames, codes: ['REGISTRY_UNAVAILABLE'] }],
};

const memberSilent: Row = {
  name: 'member-silent',
  title: 'a member of etcd that hangs, and with it the watches on it',
  async break({ etcd }) {
    etcd.pause(etcd.at('dc2'));
  },
  async heal({ etcd }) {
    etcd.resume(etcd.at('dc2'));
  },
  lastsMs: 25_000,
};

const watchStalls: Row = {
  name: 'watch-stalls',
  title: 'a watch that stalls silently',
  // What goes there arrives, and so does what comes from the other members.
  break: (scene) =>
    scene.network.cut(scene.gateway('dc2/g1').machine, {
      from: [scene.etcd.at('dc2').machine.address],
    }),
  heal: (scene) => scene.mend(),
  lastsMs: 25_000,
  async afterwards(scene) {
    await register(scene, 'dc3/g1', 'after-stall', 1);
    return routes(scene, 'dc2/g1', 'after-stall');
  },
};

const compacted: Row = {
  name: 'compacted',
  title: 'etcd compacted while a gateway was cut off',
  async break(scene) {
    await scene.cutFromEtcd('dc3/g1');
    for (const id of ['compacted-1', 'compacted-2', 'compacted-3']) {
      await register(scene, 'dc2/g1', id, 1);
    }
    await scene.etcd.compact();
  },
  heal: (scene) => scene.mend(),
  named: [{ at: ['dc3/g1'], codes: ['REGISTRY_UNAVAILABLE'] }],
  afterwards: (scene) => routes(scene, 'dc3/g1', 'compacted-3'),
};

const usersChanged: Row = {
  name: 'users-changed',
  title: 'users of etcd changed, a password among them',
  async break({ etcd }) {
    await etcd.run('user', 'add', `somebody-${Date.now()}:pw`);
    await etcd.changePassword('dc2');
  },
  // Where the gateways look for it.
  heal: ({ etcd }) => etcd.tellPassword('dc2'),
  named: [{ at: ['dc2/g1', 'dc2/g2'], codes: ['REGISTRY_UNAUTHENTICATED'] }],
};

const cutFromEtcd: Row = {
  name: 'cut-from-etcd',
  title: 'a gateway cut off from etcd past its lease, its data path well',
  break: (scene) => scene.cutFromEtcd('dc2/g1'),
  heal: (scene) => scene.mend(),
  lastsMs: 25_000,
  named: [
    { at: ['dc2/g1'], codes: ['REGISTRY_UNAVAILABLE'] },
    { at: ['dc2/g2'], codes: ['GATEWAY_LOST'] },
  ],
};

const restartWithoutRegistry: Row = {
  name: 'restart-without-registry',
  title: 'a gateway restarted with the registry down',
  async break(scene) {
    await scene.etcd.killAll();
    await scene.gateway('dc2/g1').kill();
    await scene.gateway('dc2/g1').start();
  },
  heal: ({ etcd }) => etcd.startAll(),
  named: [{ at: gatewayNames, codes: ['REGISTRY_UNAVAILABLE'] }],
};

export const etcdFaults: readonly Row[] = [
  leaderKilled,
  etcdGone,
  memberSilent,
  watchStalls,
  compacted,
  usersChanged,
  cutFromEtcd,
  restartWithoutRegistry,
];
