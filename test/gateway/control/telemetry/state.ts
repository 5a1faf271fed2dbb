/** Owns the numbers of a made-up gateway: something of everything that is exposed. */
import type { StateNumbers } from '../../../../gateway/control/telemetry/state-metrics.ts';

export const state: StateNumbers = {
  version: '1.2.3',
  node: '26.10.0',
  state: 'ready',
  clusters: 3,
  services: 2,
  links: [
    {
      cluster: 'dc2',
      address: '10.0.0.1:7443',
      isUp: true,
      isSuspect: false,
      rttMs: 12.5,
      streams: 3,
      sentBytes: 100,
      receivedBytes: 200,
    },
    {
      cluster: 'dc2',
      address: '10.0.0.1:7443',
      isUp: false,
      isSuspect: false,
      rttMs: undefined,
      streams: 0,
      sentBytes: 0,
      receivedBytes: 0,
    },
  ],
  balance: [
    {
      service: 'orders.shop',
      cluster: 'dc1',
      tier: 'zone',
      load: 75,
      healthy: 3,
      total: 4,
      ejected: 1,
    },
  ],
  registry: { isConnected: false, revision: 7, staleMs: 1500, pendingWrites: 2, resyncs: 1 },
  certificates: [{ kind: 'leaf', name: 'spiffe://dc1.acme/gateway/a', expiresInMs: 3_600_000 }],
  bundles: [{ cluster: 'dc2', sequence: 4, acknowledged: 2, laggards: 1 }],
  refusedRecords: [{ of: 'federation', code: 'GRANT_MISSING', count: 2 }],
  threads: [
    { thread: 'main', lagP99Ms: 0.5, heapBytes: 512, heapLimitBytes: 4096 },
    { thread: 'worker-0', lagP99Ms: 1.5, heapBytes: 1024, heapLimitBytes: 2048, isShedding: true },
  ],
  effects: { withhold: 1, direct: 0, fault: 2, lost: 0 },
  workersReplaced: 0,
};
