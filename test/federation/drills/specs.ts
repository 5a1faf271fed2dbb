/** Owns drills as tests of the pure core write them: what is left out has its default. */
import { type Drill, drillSchema, type Prediction } from '../../../federation/drills/model.ts';
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

/** Of a drill of which nothing is expected. */
export const nothingPredicted: Prediction = {
  ...{
    at: 0,
    concern: { what: 'all requests' },
    measured: true,
    unknown: [],
    clusters: [],
    errorRate: 0,
    breaks: [],
    notes: [],
  },
};

/** A drill of dc1 that is running, but for what `rest` says. */
export function runningDrill(id: string, rest: object = {}): Drill {
  return drillSchema.parse({
    ...{ cluster: 'dc1', id, spec: evacuation, state: 'running', forced: false, createdAt: 0 },
    ...{ driver: { cluster: 'dc1', gateway: 'gw1' }, prediction: nothingPredicted, timeline: [] },
    ...rest,
  });
}
