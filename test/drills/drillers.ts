/** Owns gateways as far as they take part in drills, within a test's process: one registry, a line to it for each, and by when which had what in force. */
import { X509Certificate } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import type { Clock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { type ClusterName, parseClusterName, trustDomainOf } from '../../core/names.ts';
import { ShardMap } from '../../core/shard-map.ts';
import { Drills } from '../../gateway/control/drills/drills.ts';
import type { Effects } from '../../gateway/control/drills/effects.ts';
import { startNode } from '../../registry/embedded/node.ts';
import { verifyRecord } from '../../registry/signing.ts';
import type { Snapshot } from '../../registry/snapshot.ts';
import { acme } from '../federation/fixtures.ts';
import { policyWith, viewOf } from '../gateway/data/balance/scenes.ts';
import { clusterRecord, gatewayRecord } from '../gateway/records.ts';
import { openStore } from '../support/store.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

export interface Driller {
  /** `dc1/g1` */
  readonly name: string;
  readonly drills: Drills;
  /** Its way to the registry. */
  readonly line: TcpProxy;
}

/** Milliseconds of `performance.now()` at which a drill was first in force at any gateway, and after which it was at none. */
interface Span {
  readonly from: number;
  until: number;
}

interface Drillers {
  readonly all: readonly Driller[];
  readonly inForce: ReadonlyMap<string, Span>;
}

/** Gateways by their names, all of which count as live; time goes by `clock`, which goes faster than the machine's by `factor`. */
export async function drillers(
  t: ExecutionContext,
  names: readonly string[],
  clock: Clock,
  factor: number,
): Promise<Drillers> {
  const file = `${await tempDir(t)}/registry.db`;
  const node = await startNode({ file, listen: '127.0.0.1:0' }, { clock, log: silentLog });
  t.teardown(() => node.close());
  const byCluster = Map.groupBy(names, (name) => parseClusterName(name.split('/')[0] ?? ''));
  const authorities = new Map(
    await Promise.all(
      byCluster.keys().map(async (cluster) => {
        const trustDomain = parseTrustDomain(trustDomainOf(cluster, acme));
        const dir = await tempDir(t);
        return [cluster, await openAuthority({ dir, trustDomain, clock })] as const;
      }),
    ),
  );
  const snapshot = snapshotOf(byCluster);
  const spans = new Spans();
  const all = await Promise.all(
    names.map(async (name): Promise<Driller> => {
      const [self, gateway] = name.split('/') as [ClusterName, string];
      const authority = authorities.get(self);
      if (authority === undefined) throw new Error(`${self} has no authority`);
      const line = await startTcpProxy({ target: node.address });
      t.teardown(() => line.close());
      const store = openStore(t, {
        ...{ endpoints: [`http://${line.address}`], clock, deadlineMs: 3_000 / factor },
      });
      const drills = new Drills({
        ...{ federation: acme, self, gateway, dataDir: await tempDir(t), authority },
        lens: {
          caller: { cluster: self, region: 'eu', zone: 'a' },
          snapshot: () => snapshot,
          ownServices: () => [],
          view: () => viewOf([]),
          policy: () => policyWith(),
          neverTo: () => undefined,
        },
        others: {
          list: () => [],
          ask: () => Promise.reject(new Error('there is nobody to be asked')),
          unreachableSince: () => undefined,
        },
        counts: async () => ({ services: [], boundsMs: [] }),
        uptimeMs: () => clock.monotonic(),
        apply: (effects) => spans.applied(name, effects),
        event: () => {},
        ...{ clock, random: Math.random, log: silentLog },
      });
      const verify = (cluster: ClusterName, key: string, raw: unknown): void => {
        const { rootPem } = authorities.get(cluster) ?? {};
        verifyRecord(key, raw, rootPem ? [new X509Certificate(rootPem)] : []);
      };
      drills.follow({ store, verify });
      t.teardown(() => drills.close({ withdraw: false }));
      await until(`${name} to take part`, () =>
        Promise.resolve(drills.lately()).catch(() => false),
      );
      return { name, drills, line };
    }),
  );
  return { all, inForce: spans.byDrill };
}

function snapshotOf(byCluster: ReadonlyMap<ClusterName, readonly string[]>): Snapshot {
  const clusters = byCluster.entries().map(([cluster, names]) => {
    const ids = names.map((name) => name.split('/')[1] ?? '');
    const gateways = new Map(ids.map((id) => [id, gatewayRecord(id, { cluster })]));
    return [cluster, { cluster, record: clusterRecord(cluster), gateways }] as const;
  });
  return { revision: 1, clusters: new Map(clusters), services: ShardMap.empty() };
}

/** When drills were in force, by what gateways were told to do. */
class Spans {
  readonly byDrill = new Map<string, Span>();
  readonly #at = new Map<string, readonly string[]>();

  applied(gateway: string, { shifts }: Effects): void {
    const now = performance.now();
    const ids = shifts.flatMap(({ why }) => /^drill ([^,]+),/.exec(why)?.[1] ?? []);
    const before = this.#at.get(gateway) ?? [];
    this.#at.set(gateway, ids);
    for (const id of ids) {
      const span = this.byDrill.get(id);
      if (span === undefined) this.byDrill.set(id, { from: now, until: Number.POSITIVE_INFINITY });
      else span.until = Number.POSITIVE_INFINITY;
    }
    for (const id of before) {
      const span = this.byDrill.get(id);
      const isAnywhere = this.#at.values().some((held) => held.includes(id));
      if (span !== undefined && !isAnywhere) span.until = now;
    }
  }
}
