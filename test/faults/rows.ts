/** Owns which faults the matrix has, in the order in which they are played. */
import type { Row } from './row.ts';
import { datacenterCut } from './rows/datacenter-cut.ts';
import { gatewayKilled } from './rows/gateway-killed.ts';
import { leaderKilled } from './rows/leader-killed.ts';

export const rows: readonly Row[] = [leaderKilled, gatewayKilled, datacenterCut];
