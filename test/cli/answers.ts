/** Owns answers of an admin API, as a gateway of a small federation gives them. */
import { parseClusterName } from '../../core/names.ts';
import { scheduleSchema } from '../../federation/drills/records.ts';
import type {
  ClusterItem,
  EndpointItem,
  ExportItem,
  JoinResult,
  ServiceItem,
  Status,
} from '../../gateway/control/api/answers.ts';
import type { ScheduleItem } from '../../gateway/control/drills/schedules.ts';

export const status: Status = {
  cluster: 'dc1',
  federation: 'acme',
  gateway: 'gateway-1',
  region: 'us-east',
  zone: 'us-east-1a',
  version: '0.1.0',
  pid: 4711,
  uptimeMs: 3_723_000,
  state: 'ready',
  ready: true,
  registry: {
    kind: 'connected',
    since: 1_790_000_000_000,
    revision: 42,
    stale: false,
    fromCache: false,
    pendingWrites: 0,
  },
  certificate: { notAfter: 1_790_086_400_000, id: 'spiffe://dc1.acme/gateway/gateway-1' },
  members: 2,
  services: 1,
  endpoints: 1,
  problems: [],
  missing: [],
  listeners: { outbound: '127.0.0.1:7080', admin: '127.0.0.1:7001' },
};

const bundle = { fingerprints: ['sha256:AbC'], sequence: 3, notAfter: 1_800_000_000_000 };

export const clusters: readonly ClusterItem[] = [
  {
    cluster: 'dc1',
    region: 'us-east',
    zones: ['us-east-1a'],
    trustDomain: 'dc1.acme',
    state: 'self',
    reached: [],
    gateways: 1,
    eastWest: ['10.0.0.1:7443'],
    federation: ['10.0.0.1:7444'],
    bundle,
    stale: false,
    links: [],
    joinedAt: 1_790_000_000_000,
  },
  {
    cluster: 'dc2',
    region: 'eu-west',
    zones: ['eu-west-1a', 'eu-west-1b'],
    trustDomain: 'dc2.acme',
    state: 'up',
    rttMs: 81.44,
    reached: [
      {
        address: '10.2.0.1:7443',
        advertised: '10.2.0.1:7443',
        scope: 'public',
        why: 'it is for everybody',
      },
    ],
    gateways: 2,
    eastWest: ['10.2.0.1:7443'],
    federation: ['10.2.0.1:7444'],
    bundle,
    capacity: 500,
    stale: false,
    links: [],
    joinedAt: 1_790_000_100_000,
  },
];

export const services: readonly ServiceItem[] = [
  {
    service: 'api.prod',
    host: 'api.prod.acme',
    protocol: 'http',
    exported: true,
    endpoints: { total: 2, healthy: 1 },
    remotes: [
      { cluster: 'dc2', total: 3, healthy: 3 },
      { cluster: 'dc3', total: 2, healthy: 2, unknownSince: 1_790_000_000_000 },
    ],
  },
];

export const endpoint: EndpointItem = {
  service: 'api.prod',
  id: 'a1',
  address: '10.0.0.5',
  port: 8080,
  zone: 'us-east-1a',
  weight: 1,
  labels: { version: 'v2', team: 'core' },
  protocol: 'http',
  health: 'healthy',
  source: 'api',
  gateway: 'gateway-1',
  exported: true,
};

export const exports: readonly ExportItem[] = [
  {
    cluster: 'dc2',
    service: 'api.prod',
    protocol: 'http',
    localities: [
      { region: 'eu-west', zone: 'eu-west-1a', total: 2, healthy: 2, degraded: 0 },
      { region: 'eu-west', zone: 'eu-west-1b', total: 1, healthy: 0, degraded: 1 },
    ],
    updatedAt: 1_790_000_200_000,
    stale: false,
  },
];

export const plan: JoinResult = {
  federation: 'acme',
  via: 'dc1',
  fingerprint: 'sha256:AbC',
  adds: { clusters: [{ cluster: 'dc1', region: 'us-east', fingerprint: 'sha256:AbC' }] },
  lines: [{ subject: 'clock', outcome: 'ok', what: 'The clock here is 2 ms ahead of that of dc1' }],
  changes: ['dc2 becomes a member of acme.'],
  gains: [{ identity: 'spiffe://dc1.acme/gateway/*', gains: 'believed by dc2' }],
  joined: false,
};

export const schedule: ScheduleItem = {
  cluster: parseClusterName('dc1'),
  name: 'monthly',
  schedule: scheduleSchema.parse({
    cron: '0 10 1 * *',
    timeZone: 'Europe/Berlin',
    blackouts: [
      { days: ['fri'], from: '12:00', until: '24:00' },
      { from: '2026-12-20T00:00:00Z', until: '2027-01-07T00:00:00Z' },
    ],
    spec: { kind: 'evacuate', scope: { cluster: 'dc1' } },
  }),
  at: 1_790_000_000_000,
  nextRun: 1_790_841_600_000,
};
