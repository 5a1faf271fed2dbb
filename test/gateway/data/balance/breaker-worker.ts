/** Owns one of the threads that count for a breaker at the same time, as workers do. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  type BreakerMemory,
  BreakerTable,
} from '../../../../gateway/data/balance/breaker-table.ts';

const { memory, worker, limit, rounds } = workerData as {
  memory: BreakerMemory;
  worker: number;
  limit: number;
  rounds: number;
};
const row = new BreakerTable(memory, worker).row('orders.shop dc1');
let most = 0;
parentPort?.once('message', () => {
  for (let i = 0; i < rounds; i++) {
    if (row.total('requests') >= limit) continue;
    row.add('requests', 1);
    most = Math.max(most, row.total('requests'));
    row.add('requests', -1);
  }
  parentPort?.postMessage(most);
});
parentPort?.postMessage('ready');
