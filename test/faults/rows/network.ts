/** Owns the faults of the network: datacenters that are cut off, one way or both, a bad line, and names that nobody resolves. */
import type { Row } from '../row.ts';
import { gatewayNames } from '../scene/plan.ts';

const cut: Row = {
  name: 'datacenter-cut',
  title: 'a datacenter cut silently',
  break: (scene) => scene.cut('dc2'),
  heal: (scene) => scene.mend(),
  vanishes: 'dc2',
  lastsMs: 20_000,
  named: [
    { at: ['dc1/g1', 'dc1/g2', 'dc3/g1'], codes: ['PEER_UNREACHABLE'] },
    { at: ['dc2/g1', 'dc2/g2'], codes: ['REGISTRY_UNAVAILABLE'] },
  ],
};

const oneWay: Row = {
  name: 'asymmetric',
  title: 'asymmetric partition: what dc2 sends to dc1 gets lost',
  break: (scene) => scene.cutWay('dc2', 'dc1'),
  heal: (scene) => scene.mend(),
  lastsMs: 20_000,
  named: [
    { at: ['dc1/g1', 'dc1/g2'], codes: ['PEER_UNREACHABLE'] },
    { at: ['dc2/g1', 'dc2/g2'], codes: ['PEER_UNREACHABLE'] },
  ],
};

const slow: Row = {
  name: 'line-slow',
  title: 'a link of 200 ms that loses 5 %',
  break: (scene) => scene.line({ delayMs: 100, loss: 0.05 }),
  heal: (scene) => scene.line(),
  lastsMs: 20_000,
};

const mute: Row = {
  name: 'line-mute',
  title: 'a link that accepts and never answers',
  break: (scene) => scene.line({ isMute: true }),
  heal: (scene) => scene.line(),
  vanishes: 'dc3',
  lastsMs: 20_000,
  named: [{ at: ['dc1/g1', 'dc1/g2', 'dc2/g1', 'dc2/g2'], codes: ['PEER_UNREACHABLE'] }],
};

const nameless: Row = {
  name: 'names-gone',
  title: 'DNS gone for ten minutes',
  async break({ gateways, network }) {
    for (const { machine } of gateways) {
      await network.cut(machine, { port: ['udp', 53] });
    }
  },
  heal: (scene) => scene.mend(),
  lastsMs: 600_000,
  named: [{ at: gatewayNames, codes: ['NAME_UNRESOLVED'] }],
};

export const networkFaults: readonly Row[] = [cut, oneWay, slow, mute, nameless];
