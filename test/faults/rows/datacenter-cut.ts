/** Owns the fault: a datacenter is cut off from all others, and nothing says so. */
import type { Row } from '../row.ts';

export const datacenterCut: Row = {
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
