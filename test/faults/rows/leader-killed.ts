/** Owns the fault: the leader of etcd is killed. */
import type { Row } from '../row.ts';

export const leaderKilled: Row = {
  name: 'leader-killed',
  title: 'etcd leader killed',
  async break({ etcd }) {
    await etcd.kill(await etcd.leader());
  },
  heal: ({ etcd }) => etcd.startAll(),
};
