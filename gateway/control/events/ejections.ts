/** Owns the events of targets that are ejected, and used again; pure. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { ejectionText } from '../../data/balance/reason.ts';
import type { EjectionCause, Ejections } from '../../data/balance/types.ts';
import type { EventDraft } from './event.ts';
import { listed } from './words.ts';

/** The ejected targets of each service, by the balancers' keys (`endpoint/ID`, `cluster/NAME`). */
export type Ejected = ReadonlyMap<ServiceName, Ejections>;

const none: Ejections = new Map();

/** The events of a gateway of `self` when `before` was ejected and `now` is; `total`: endpoints of a service in its cluster. */
export function ejectionEvents(
  self: ClusterName,
  before: Ejected,
  now: Ejected,
  total: (service: ServiceName) => number,
): EventDraft[] {
  return [...new Set([...before.keys(), ...now.keys()])].sort().flatMap((service) => {
    const [was, is] = [before.get(service) ?? none, now.get(service) ?? none];
    const endpoints = [...is.keys()].filter((key) => key.startsWith('endpoint/')).length;
    const details = { service, ejected: [...is.keys()], endpoints, total: total(service) };
    const told = (severity: EventDraft['severity'], keys: string[], how: string): EventDraft => {
      const names = listed(keys.map((key) => key.replace('/', ' ')));
      const what = `${service}: ${names} ${how}; ${endpoints} of ${details.total} here ejected`;
      return { kind: 'ejection', severity, cluster: self, what, details };
    };
    const back = [...was.keys()].filter((key) => !is.has(key));
    return [
      ...[...byCause(is, was)].map(([cause, keys]) => told('warning', keys, ejectionText(cause))),
      ...(back.length > 0 ? [told('info', back, 'used again, on trial')] : []),
    ];
  });
}

/** The keys that are ejected and were not, by cause. */
function byCause(is: Ejections, was: Ejections): Map<EjectionCause, string[]> {
  const out = new Map<EjectionCause, string[]>();
  for (const [key, cause] of is) {
    if (!was.has(key)) out.set(cause, [...(out.get(cause) ?? []), key]);
  }
  return out;
}
