/** Owns drills as tests of the pure core write them: what is left out has its default. */
import {
  type DrillSpec,
  type DrillSpecInput,
  drillSpecSchema,
} from '../../../federation/drills/spec.ts';

export function drill(spec: DrillSpecInput): DrillSpec {
  return drillSpecSchema.parse(spec);
}

export const evacuation = drill({
  kind: 'evacuate',
  scope: { cluster: 'dc1' },
  ramp: '10s',
  duration: '60s',
});
