/** Owns asking the registry's endpoints, each by itself, how the member behind it is. */
import { performance } from 'node:perf_hooks';
import { ClusterClient, MaintenanceClient } from 'etcd3/lib/rpc.js';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../core/errors.ts';
import { EtcdConnection } from './etcd-connection.ts';
import type { EtcdUser } from './etcd-login.ts';
import type { RegistryTls } from './etcd-tls.ts';

export type EndpointState =
  | {
      readonly kind: 'answers';
      readonly endpoint: string;
      /** Name of the member; its id where it has none. */
      readonly member: string;
      readonly role: 'leader' | 'follower' | 'learner';
      /** Whether the member knows of a leader: without one nothing is written, or read for sure. */
      readonly hasLeader: boolean;
      /** Id of the etcd that it is a member of. */
      readonly cluster: string;
      readonly version: string;
      readonly revision: number;
      readonly sizeBytes: number;
      readonly inUseBytes: number;
      /** Of one call on a connection that stands. */
      readonly latencyMs: number;
      /** `NOSPACE`, `CORRUPT`. */
      readonly alarms: readonly string[];
    }
  | {
      readonly kind: 'unavailable';
      readonly endpoint: string;
      readonly problem: IsthmusError;
    };

export interface EndpointsOptions {
  readonly endpoints: readonly string[];
  readonly tls?: RegistryTls;
  readonly user?: () => Promise<EtcdUser>;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** In the order of the endpoints, asked all at once over connections of their own; none rejects. */
export function askEndpoints(options: EndpointsOptions): Promise<EndpointState[]> {
  return Promise.all(options.endpoints.map((endpoint) => askEndpoint(endpoint, options)));
}

async function askEndpoint(endpoint: string, options: EndpointsOptions): Promise<EndpointState> {
  const connection = new EtcdConnection({
    ...options,
    endpoints: [endpoint],
    report: () => {},
    notReplaced: () => {},
  });
  try {
    const { members } = await new ClusterClient(connection).memberList({});
    const start = performance.now();
    const status = await new MaintenanceClient(connection).status();
    const latencyMs = performance.now() - start;
    const { member_id: id, cluster_id: cluster, revision } = status.header;
    const member = members.find(({ ID }) => ID === id);
    return {
      kind: 'answers',
      endpoint,
      member: member?.name || id,
      role: status.leader === id ? 'leader' : member?.isLearner ? 'learner' : 'follower',
      hasLeader: status.leader !== '0',
      cluster,
      version: status.version,
      revision: Number(revision),
      sizeBytes: Number(status.dbSize),
      inUseBytes: Number(status.dbSizeInUse),
      latencyMs,
      alarms: status.errors.flatMap((text) => /NOSPACE|CORRUPT/.exec(text) ?? []),
    };
  } catch (thrown) {
    return { kind: 'unavailable', endpoint, problem: asIsthmusError(thrown) };
  } finally {
    connection.close();
  }
}
