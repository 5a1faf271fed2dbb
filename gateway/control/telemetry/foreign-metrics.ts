/** Owns the metrics of the bundles of trust domains outside of the federation. */
import type { ForeignStanding } from '../foreign/foreign-bundles.ts';
import { type Family, gauge, type Measured } from './family.ts';

/** `now`: wall milliseconds. */
export function foreignMetrics(standings: readonly ForeignStanding[], now: number): Family[] {
  if (standings.length === 0) return [];
  const each = (value: (standing: ForeignStanding) => number | undefined): Measured[] =>
    standings.flatMap((standing): Measured[] => {
      const measured = value(standing);
      return measured === undefined
        ? []
        : [[{ trust_domain: standing.config.trustDomain }, measured]];
    });
  return [
    gauge(
      'isthmus_foreign_bundle_failing',
      'Whether the last look for the bundle of a trust domain outside of the federation brought none that is used.',
      each(({ problem }) => Number(problem !== undefined)),
    ),
    gauge(
      'isthmus_foreign_bundle_age_seconds',
      'Since its endpoint gave the bundle that is believed, or the same; absent while it never did.',
      each(({ believed }) => believed?.at && (now - believed.at) / 1000),
    ),
    gauge(
      'isthmus_foreign_bundle_sequence',
      'Sequence of the bundle that is believed; absent while none is.',
      each(({ believed }) => believed?.bundle.sequence),
    ),
    gauge(
      'isthmus_foreign_bundle_roots',
      'Roots in the bundle that is believed; with 0 nobody of that trust domain is.',
      each(({ believed }) => believed?.bundle.roots.length ?? 0),
    ),
    gauge(
      'isthmus_foreign_bundle_expires_in_seconds',
      'Until the last root of the bundle that is believed expires; negative afterwards.',
      each(({ believed }) => {
        const ends = believed?.bundle.roots.map((root) => root.validToDate.getTime()) ?? [];
        return ends.length === 0 ? undefined : (Math.max(...ends) - now) / 1000;
      }),
    ),
  ];
}
