/** Owns what a driver sees and how it is heard, through this gateway's part in drills. */
import type { ClusterName } from '../../core/names.ts';
import { conflict } from '../../federation/drills/conflict.ts';
import type { Note } from '../../federation/drills/lifecycle.ts';
import type { Abort, Drill } from '../../federation/drills/model.ts';
import { signReport } from '../../federation/drills/report-signature.ts';
import { decide } from '../balance/decide.ts';
import type { DriverWorld } from './driver.ts';
import type { Participation, ParticipationOptions } from './participation.ts';
import { fewestHealthyLeft } from './predict.ts';
import { expiredIdentity, probe } from './trust-probe.ts';

/** Services whose decisions a report shows. */
const shownServices = 5;

export function driverWorld(
  participation: Participation,
  options: ParticipationOptions,
): DriverWorld {
  const { board, office, follower, world } = participation;
  const { self, authority, clock, lens } = options;

  function interruption(drill: Drill): Abort | undefined {
    const asked = board.aborts.find(({ id }) => id === drill.id);
    if (asked) return { kind: 'operator', what: asked.what };
    const over = follower.overHere(drill);
    if (over === 'lost') {
      return {
        kind: 'registry-lost',
        what: 'Its beats did not come back from the registry in time',
      };
    }
    if (over === 'deadline') {
      return { kind: 'guardrail', what: 'Its time limit passed' };
    }
    return undefined;
  }

  /** Of two that began at once, both see each other: the later one, or by name the latter, gives way. */
  function earlierConflict(drill: Drill): string | undefined {
    for (const other of board.drills) {
      const isSame = other.id === drill.id && other.cluster === drill.cluster;
      if (isSame || !participation.isAlive(other) || !isBefore(other, drill)) continue;
      const why = conflict(drill.spec, other.spec);
      if (why !== undefined) return `Drill ${other.id} was there first: ${why}`;
    }
    return undefined;
  }

  async function probeOthers(_drill: Drill, note: (note: Note) => void) {
    const identity = await expiredIdentity({ authority, clock });
    const targets = [...(lens.snapshot()?.clusters.values() ?? [])].flatMap(
      ({ cluster, record }) =>
        cluster === self ? [] : (record?.eastWest ?? []).map((address) => ({ cluster, address })),
    );
    const results = await Promise.all(
      targets.map(async (target) => {
        const result = await probe(target, identity, { authority, clock });
        const { cluster, address } = target;
        const what = {
          refused: `${address} refused the expired certificate`,
          accepted: `${address} accepted the expired certificate`,
          unreachable: `${address} could not be reached, which proves nothing`,
        }[result.kind];
        note({ kind: 'probe', cluster, what: 'why' in result ? `${what}: ${result.why}` : what });
        return result.kind;
      }),
    );
    return {
      made: results.length,
      refused: results.filter((kind) => kind === 'refused').length,
    };
  }

  return {
    get histories() {
      return board.histories;
    },
    gateways: () => world.gateways(),
    strengthAt: (gateway, id) =>
      board.histories
        .get(gateway)
        ?.at(-1)
        ?.measure.following.find(({ drill }) => drill === id)?.inForce,
    capacity: (cluster) => world.capacity(cluster),
    fewestHealthy: ({ spec }) => fewestHealthyLeft(spec, world),
    conflict: earlierConflict,
    interruption,
    async decisions({ spec }) {
      const services = spec.scope.service ? [spec.scope.service] : world.services();
      return services.slice(0, shownServices).flatMap((service) => {
        const { tiers } = decide(lens.view(service), lens.caller, lens.policy(service));
        return tiers.map(({ name, healthyLoad, degradedLoad, reason }) => ({
          service,
          tier: name,
          load: healthyLoad + degradedLoad,
          reason,
        }));
      });
    },
    others: () => board.drills,
    beat(drill, beat) {
      if (beat) office.beat({ cluster: self, id: drill.id, ...beat });
      else office.silence(drill.id);
    },
    keep: (drill) => office.drill(drill),
    signed: (report) => signReport(report, authority),
    probe: probeOthers,
  };
}

function isBefore(a: Drill, b: Drill): boolean {
  const [one, other] = [orderOf(a), orderOf(b)];
  return one < other;
}

function orderOf({ createdAt, cluster, id }: Drill & { readonly cluster: ClusterName }): string {
  return `${String(createdAt).padStart(16, '0')} ${cluster} ${id}`;
}
