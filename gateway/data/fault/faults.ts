/** Owns faults that are made on purpose: which tries of a request they strike, and how; pure, asked by the data path only while there are any. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';

/** One fault; plain data, the same at every gateway. */
export interface FaultRule {
  readonly match: FaultMatch;
  readonly act: FaultAct;
  /** Share of the matching tries it strikes, 0 to 1: a drill's ramp. */
  readonly share: number;
}

/** Which tries a fault strikes: each key that is given has to fit. */
export interface FaultMatch {
  readonly service?: ServiceName | undefined;
  /** The cluster that the try goes to. */
  readonly cluster?: ClusterName | undefined;
  /** Zone of the endpoint that the try goes to; asked by the gateway of that endpoint, whoever sent the request. */
  readonly zone?: string | undefined;
  /** The cluster whose gateway makes the try. */
  readonly from?: ClusterName | undefined;
}

export type FaultAct =
  /** The try goes on after so many milliseconds, more or less by up to `jitterMs`. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
  /** `share` of those struck are answered with `status`, as if by the endpoint. */
  | { readonly kind: 'abort'; readonly status: number; readonly share: number }
  /** The try gets no answer at all until its time is up. */
  | { readonly kind: 'black-hole' };

/** A try that is about to be made. */
export interface Attempt {
  readonly service: ServiceName;
  /** The cluster it goes to; the gateway's own for an endpoint. */
  readonly cluster: ClusterName;
  /** The endpoint's zone; undefined for another cluster, whose endpoints stay home. */
  readonly zone: string | undefined;
  /** Whether the request came from a client of this gateway, not from another gateway. */
  readonly entered: boolean;
}

export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'abort'; readonly status: number }
  | { readonly kind: 'black-hole' };

/** How the data path asks for faults. Absent while no fault is made, so that a try then pays one comparison. */
export interface FaultLookup {
  /** The fault that strikes a try; `random` is uniform in [0, 1). */
  of(attempt: Attempt, random: number): Fault;
  /** Whether links to a cluster are to look dead: their probes get no answer either. */
  isCut(cluster: ClusterName): boolean;
}

const none: Fault = { kind: 'none' };
const blackHole: Fault = { kind: 'black-hole' };

/** The lookup of a gateway of `self`; undefined when nothing can ever strike there. */
export function faultLookup(
  rules: readonly FaultRule[],
  self: ClusterName,
): FaultLookup | undefined {
  const here = rules.filter(
    ({ match, share }) => share > 0 && (match.from === undefined || match.from === self),
  );
  if (here.length === 0) return undefined;
  return {
    of(attempt, random) {
      for (const rule of here) {
        if (!strikes(rule.match, attempt)) continue;
        if (random >= rule.share) return none;
        // The rest of the number is as random as the number was.
        return faultOf(rule.act, random / rule.share);
      }
      return none;
    },
    isCut: (cluster) =>
      cluster !== self &&
      here.some(
        ({ match, act, share }) =>
          act.kind === 'black-hole' &&
          share >= 1 &&
          match.cluster === cluster &&
          match.service === undefined &&
          match.zone === undefined,
      ),
  };
}

/**
 * A request is struck once: by a zone's fault where its endpoint is, by any other at the gateway where it entered. Else one
 * that goes to another cluster would meet the same fault at both.
 */
function strikes({ service, cluster, zone }: FaultMatch, attempt: Attempt): boolean {
  if (service !== undefined && service !== attempt.service) return false;
  if (cluster !== undefined && cluster !== attempt.cluster) return false;
  return zone === undefined ? attempt.entered : zone === attempt.zone;
}

function faultOf(act: FaultAct, random: number): Fault {
  switch (act.kind) {
    case 'delay':
      return { kind: 'delay', ms: Math.max(0, act.delayMs + act.jitterMs * (2 * random - 1)) };
    case 'abort':
      return random < act.share ? { kind: 'abort', status: act.status } : none;
    case 'black-hole':
      return blackHole;
  }
}
