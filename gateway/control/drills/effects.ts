/** Owns the effects of drills and standing orders at a gateway: one value, made anew whenever any of them changes. */

import { msOf } from '../../../core/duration.ts';
import type { ClusterName } from '../../../core/names.ts';
import { rampUp } from '../../../federation/drills/ramp.ts';
import type { DrainRecord, FailoverRecord } from '../../../federation/drills/records.ts';
import type { DrillSpec } from '../../../federation/drills/spec.ts';
import { scopeText } from '../../../federation/drills/words.ts';
import type { Shift } from '../../data/balance/steering.ts';
import type { FaultAct, FaultMatch, FaultRule } from '../../data/fault/faults.ts';

/** Plain data, so that it can travel to worker threads as it is. */
export interface Effects {
  readonly shifts: readonly Shift[];
  readonly faults: readonly FaultRule[];
  /** This gateway acts as if the registry were gone. `keepsLease`: nobody else can see it go, as in an outage of the registry. */
  readonly registryLost?: { readonly keepsLease: boolean } | undefined;
}

export const noEffects: Effects = { shifts: [], faults: [] };

/** The effects of a drill at a gateway of `self` while it is in force by `strength`, 0 to 1. */
export function effectsOf(
  id: string,
  spec: DrillSpec,
  strength: number,
  self: ClusterName,
): Effects {
  if (strength <= 0) return noEffects;
  const why = `drill ${id}, ${spec.kind} ${scopeText(spec.scope)}`;
  const { cluster, service } = spec.scope;
  switch (spec.kind) {
    case 'evacuate':
      if (cluster === undefined) return noEffects;
      return {
        shifts: [{ kind: 'withhold', cluster, service, percent: 100 * strength, why }],
        faults: [],
      };
    case 'black-hole':
      return faulty(spec, { kind: 'black-hole' }, strength);
    case 'slow':
      return faulty(
        spec,
        {
          kind: 'delay',
          delayMs: msOf(spec.slow?.delay ?? '0s'),
          jitterMs: msOf(spec.slow?.jitter ?? '0s'),
        },
        strength,
      );
    case 'fail':
      return faulty(
        spec,
        { kind: 'abort', status: spec.fail?.status ?? 503, share: (spec.fail?.percent ?? 0) / 100 },
        strength,
      );
    case 'lose-registry':
      if (cluster !== undefined && cluster !== self) return noEffects;
      return { ...noEffects, registryLost: { keepsLease: cluster === undefined } };
    case 'expire-trust':
      // Its driver probes; nobody's trust changes.
      return noEffects;
  }
}

export function drainEffects({ of, at, rampMs, reason }: DrainRecord, now: number): Effects {
  const percent = 100 * rampUp(now - at, rampMs);
  const why = `${of} is drained${reason === undefined ? '' : ` (${reason})`}`;
  return { shifts: [{ kind: 'withhold', cluster: of, percent, why }], faults: [] };
}

export function failoverEffects({ service, to, percent, reason }: FailoverRecord): Effects {
  const why = `${service} fails over to ${to}${reason === undefined ? '' : ` (${reason})`}`;
  return { shifts: [{ kind: 'direct', service, to, percent, why }], faults: [] };
}

export function together(all: readonly Effects[]): Effects {
  const lost = all.flatMap(({ registryLost }) => registryLost ?? []);
  return {
    shifts: all.flatMap(({ shifts }) => shifts),
    faults: all.flatMap(({ faults }) => faults),
    ...(lost.length > 0 && {
      registryLost: { keepsLease: lost.every(({ keepsLease }) => keepsLease) },
    }),
  };
}

function faulty({ scope }: DrillSpec, act: FaultAct, share: number): Effects {
  return { shifts: [], faults: [{ match: matchOf(scope), act, share }] };
}

function matchOf({ cluster, service, zone, link }: DrillSpec['scope']): FaultMatch {
  if (link) return { from: link.from, cluster: link.to };
  return { cluster, service, zone };
}
