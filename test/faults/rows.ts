/** Owns which faults the matrix has, in the order in which they are played. */
import type { Row } from './row.ts';
import { clockFaults } from './rows/clocks.ts';
import { diskFaults } from './rows/disks.ts';
import { embeddedFaults } from './rows/embedded.ts';
import { etcdFaults } from './rows/etcd.ts';
import { etcdDataFaults } from './rows/etcd-data.ts';
import { gatewayFaults } from './rows/gateways.ts';
import { historyFaults } from './rows/histories.ts';
import { networkFaults } from './rows/network.ts';
import { trustFaults } from './rows/trust.ts';

/** Those of one scene together; what spoils it is last there. */
export const rows: readonly Row[] = [
  ...etcdFaults,
  ...historyFaults,
  ...etcdDataFaults,
  ...gatewayFaults,
  ...networkFaults,
  ...trustFaults,
  ...diskFaults,
  ...clockFaults,
  ...embeddedFaults,
];
