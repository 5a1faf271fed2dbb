/** Owns the faults of an etcd whose data are lost, old, or not what members wrote. */
import type { Row } from '../row.ts';
import { gatewayNames } from '../scene/plan.ts';
import type { Scene } from '../scene/scene.ts';
import { register, routes } from './registering.ts';

const root = '/isthmus/v1/acme';

/** What is registered then is written, and read elsewhere. */
async function heardOfEachOther(scene: Scene): Promise<readonly string[]> {
  await register(scene, 'dc2/g2', 'afterwards', 1);
  return routes(scene, 'dc3/g1', 'afterwards');
}

const restored: Row = {
  name: 'etcd-restored',
  title: 'etcd restored from an old backup',
  async break(scene) {
    const { etcd } = scene;
    const file = await etcd.save();
    await register(scene, 'dc2/g1', 'since-backup', 1);
    await etcd.killAll();
    await etcd.restore(file);
  },
  heal: ({ etcd }) => etcd.startAll(),
  named: [{ at: gatewayNames, codes: ['REGISTRY_UNAVAILABLE'] }],
  afterwards: (scene) => routes(scene, 'dc3/g1', 'since-backup'),
};

const wiped: Row = {
  name: 'etcd-wiped',
  title: 'etcd wiped, its users included',
  async break({ etcd }) {
    await etcd.killAll();
    await etcd.wipe();
    await etcd.startAll();
  },
  // What makes etcd makes its users.
  heal: ({ etcd }) => etcd.makeUsersAgain(),
  lastsMs: 10_000,
  afterwards: heardOfEachOther,
  named: [{ at: gatewayNames, codes: ['REGISTRY_UNGUARDED'] }],
};

const deleted: Row = {
  name: 'keys-deleted',
  title: 'all keys of the federation deleted, straight in etcd',
  async break({ etcd }) {
    await etcd.run('del', '--prefix', `${root}/`);
  },
  afterwards: heardOfEachOther,
};

const othersDeleted: Row = {
  name: 'records-deleted',
  title: "a cluster's records deleted, straight in etcd",
  async break({ etcd }) {
    for (const key of ['clusters/dc2', 'bundles/dc2', 'gateways/dc2/', 'exports/dc2/']) {
      await etcd.run('del', '--prefix', `${root}/${key}`);
    }
  },
};

const limitOfEtcd = 1_000_000;

const forged: Row = {
  name: 'records-forged',
  title: 'garbage and forged records, straight in etcd',
  async break({ etcd }) {
    const genuine = await etcd.run('get', '--print-value-only', `${root}/clusters/dc1`);
    for (const [key, value] of [
      ['clusters/dc2', genuine.trim()],
      ['bundles/dc3', '{"keys":[]}'],
      ['exports/dc2/shop/orders', 'no record'],
      ['exports/dc3/shop/ghost', genuine.trim()],
      ['endpoints/dc1/shop/orders/ghost', '{"cluster":"dc1"}'],
      ['gateways/dc2/ghost', '\u0000\u0001'],
      ['clusters/nobody', genuine.trim()],
      ['policies/dc2/shop/Route/ghost', 'x'.repeat(limitOfEtcd)],
    ] as const) {
      await etcd.put(`${root}/${key}`, value);
    }
  },
  // Of what is no member's own nobody can say that it may go.
  async heal({ etcd }) {
    for (const key of [
      'exports/dc3/shop/ghost',
      'endpoints/dc1/shop/orders/ghost',
      'gateways/dc2/ghost',
      'clusters/nobody',
      'policies/dc2/shop/Route/ghost',
    ]) {
      await etcd.run('del', `${root}/${key}`);
    }
  },
  named: [
    {
      at: ['dc1/g1', 'dc2/g1', 'dc3/g1'],
      codes: ['RECORD_INVALID', 'RECORD_FOREIGN', 'RECORD_UNSIGNED'],
    },
  ],
};

export const etcdDataFaults: readonly Row[] = [restored, wiped, deleted, othersDeleted, forged];
