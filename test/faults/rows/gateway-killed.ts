/** Owns the fault: one of two gateways of a cluster is killed. */
import type { Row } from '../row.ts';

export const gatewayKilled: Row = {
  name: 'gateway-killed',
  title: 'one of two gateways killed',
  break: (scene) => scene.gateway('dc2/g1').kill(),
  heal: (scene) => scene.gateway('dc2/g1').start(),
  named: [{ at: ['dc2/g2'], codes: ['GATEWAY_LOST'] }],
};
