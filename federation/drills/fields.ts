/** Owns the fields that describe a drill: the schema of a spec, the command's flags and the UI's form all go by this. */

/** The targets of each kind, the usual one first. */
export const targetsOf = {
  evacuate: ['cluster', 'service', 'service-in-cluster'],
  'black-hole': ['cluster', 'service', 'service-in-cluster', 'link', 'zone'],
  slow: ['cluster', 'service', 'service-in-cluster', 'link', 'zone'],
  fail: ['cluster', 'service', 'service-in-cluster', 'link', 'zone'],
  'lose-registry': ['everywhere', 'cluster'],
  'expire-trust': ['everywhere', 'cluster'],
} as const satisfies Record<string, readonly Target[]>;

export type DrillKind = keyof typeof targetsOf;
export const drillKinds = Object.keys(targetsOf) as [DrillKind, ...DrillKind[]];

export type Target = 'cluster' | 'service' | 'service-in-cluster' | 'link' | 'zone' | 'everywhere';

/** The fields of a scope by which a target is meant: these, and no others. */
export const scopeOfTarget: Readonly<Record<Target, readonly string[]>> = {
  cluster: ['cluster'],
  service: ['service'],
  'service-in-cluster': ['cluster', 'service'],
  link: ['link'],
  zone: ['cluster', 'zone'],
  everywhere: [],
};

/** How a field is written. `share`: of 1, as `0.01` or `1%`; a form asks for percent. */
type Unit = 'name' | 'text' | 'duration' | 'number' | 'share';

interface Field {
  /** The field's place in a spec. */
  readonly path: string;
  readonly unit: Unit;
  /** The field may be left empty where there are no defaults, as in a form. */
  readonly optional?: boolean;
}

const fields = {
  cluster: { path: 'scope.cluster', unit: 'name' },
  service: { path: 'scope.service', unit: 'name' },
  zone: { path: 'scope.zone', unit: 'name' },
  from: { path: 'scope.link.from', unit: 'name' },
  to: { path: 'scope.link.to', unit: 'name' },
  delay: { path: 'slow.delay', unit: 'duration' },
  jitter: { path: 'slow.jitter', unit: 'duration' },
  failPercent: { path: 'fail.percent', unit: 'number' },
  failStatus: { path: 'fail.status', unit: 'number' },
  ramp: { path: 'ramp', unit: 'duration' },
  duration: { path: 'duration', unit: 'duration' },
  errorRate: { path: 'guardrails.errorRate', unit: 'share' },
  p99: { path: 'guardrails.p99', unit: 'duration', optional: true },
  load: { path: 'guardrails.load', unit: 'share' },
  minHealthy: { path: 'guardrails.minHealthy', unit: 'number' },
  timeLimit: { path: 'guardrails.timeLimit', unit: 'duration' },
  rto: { path: 'objectives.rto', unit: 'duration' },
  errorBudget: { path: 'objectives.errorBudget', unit: 'share' },
  reason: { path: 'reason', unit: 'text', optional: true },
} as const satisfies Record<string, Field>;

export type DrillField = keyof typeof fields;
export const drillFields: Readonly<Record<DrillField, Field>> = fields;

export const fieldNames = Object.keys(fields) as DrillField[];

/** The fields that a drill of a kind takes which strikes such a target. */
export function fieldsOf(kind: DrillKind, target: Target): DrillField[] {
  return fieldNames.filter((name) => {
    const [part = '', within = ''] = drillFields[name].path.split('.');
    if (part === 'scope') return scopeOfTarget[target].includes(within);
    return part === 'slow' || part === 'fail' ? part === kind : true;
  });
}

/** Guardrails that another limit may be given in the place of, where a drill is forced. */
export const overridable = ['errorRate', 'p99', 'load', 'minHealthy'] as const;
export type Overridable = (typeof overridable)[number];

/** The parts of a spec that these fields make; those that are undefined are left out. */
export function specOfFields(values: Partial<Record<DrillField, unknown>>): object {
  const spec: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const keys = drillFields[name as DrillField].path.split('.');
    const last = keys.pop() ?? '';
    let part = spec;
    for (const key of keys) {
      part[key] ??= {};
      part = part[key] as Record<string, unknown>;
    }
    part[last] = value;
  }
  return spec;
}

/** A field's value in a spec; undefined where it has none. */
export function fieldOfSpec(spec: object, name: DrillField): unknown {
  return drillFields[name].path
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], spec);
}
