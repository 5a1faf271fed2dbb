/** Owns the drill being composed: text as it was typed, kept until it is run, whatever happens in between. */
import { effect, signal } from '@preact/signals';
import type { DrillKind, DrillSpecInput } from '../../api/drills.ts';
import { parseDuration } from '../../format/duration.ts';

export type Target = 'cluster' | 'service' | 'service-in-cluster' | 'link' | 'zone' | 'everywhere';

export interface Draft {
  readonly kind: DrillKind;
  readonly target: Target;
  readonly cluster: string;
  readonly service: string;
  readonly zone: string;
  readonly from: string;
  readonly to: string;
  readonly delay: string;
  readonly jitter: string;
  readonly failPercent: string;
  readonly failStatus: string;
  readonly ramp: string;
  readonly duration: string;
  readonly errorRate: string;
  readonly p99: string;
  readonly load: string;
  readonly minHealthy: string;
  readonly timeLimit: string;
  readonly rto: string;
  readonly errorBudget: string;
  readonly reason: string;
  /** When it is run by the calendar. */
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly notDuring: string;
  readonly enabled: boolean;
  /** ETag of the schedule that is edited; empty for a new one. */
  readonly tag: string;
}

export const blank: Draft = {
  kind: 'evacuate',
  target: 'cluster',
  cluster: '',
  service: '',
  zone: '',
  from: '',
  to: '',
  delay: '200ms',
  jitter: '50ms',
  failPercent: '20',
  failStatus: '503',
  ramp: '10s',
  duration: '60s',
  errorRate: '1',
  p99: '',
  load: '90',
  minHealthy: '1',
  timeLimit: '5m',
  rto: '5s',
  errorBudget: '0.1',
  reason: '',
  name: '',
  cron: '0 10 1 * *',
  timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  notDuring: '',
  enabled: true,
  tag: '',
};

const faultTargets: readonly Target[] = [
  'cluster',
  'service',
  'service-in-cluster',
  'link',
  'zone',
];

/** What each kind may concern, its usual one first. */
export const targetsOf: Readonly<Record<DrillKind, readonly Target[]>> = {
  evacuate: ['cluster', 'service', 'service-in-cluster'],
  'black-hole': faultTargets,
  slow: faultTargets,
  fail: faultTargets,
  'lose-registry': ['everywhere', 'cluster'],
  'expire-trust': ['everywhere', 'cluster'],
};

const key = 'isthmus.drill-draft';

export const draft = signal<Draft>(stored());

effect(() => sessionStorage.setItem(key, JSON.stringify(draft.value)));

export function setDraft(patch: Partial<Draft>): void {
  const next = { ...draft.peek(), ...patch };
  const allowed = targetsOf[next.kind];
  draft.value = allowed.includes(next.target)
    ? next
    : { ...next, target: allowed[0] ?? 'everywhere' };
}

export function forgetDraft(): void {
  draft.value = blank;
}

/** What would be sent; the gateway checks it and says what is wrong with it. */
export function specOf(written: Draft): DrillSpecInput {
  const { kind, ramp, duration, p99, timeLimit, rto, reason } = written;
  return {
    kind,
    scope: scopeOf(written),
    ...(kind === 'slow' && { slow: { delay: written.delay, jitter: written.jitter } }),
    ...(kind === 'fail' && {
      fail: { percent: Number(written.failPercent), status: Number(written.failStatus) },
    }),
    ramp,
    duration,
    guardrails: {
      errorRate: Number(written.errorRate) / 100,
      ...(p99.trim() !== '' && { p99 }),
      load: Number(written.load) / 100,
      minHealthy: Number(written.minHealthy),
      timeLimit,
    },
    objectives: { rto, errorBudget: Number(written.errorBudget) / 100 },
    ...(reason.trim() !== '' && { reason: reason.trim() }),
  };
}

/** Whether enough is known to ask what would happen. */
export function isComplete(written: Draft): boolean {
  const named = Object.values(scopeOf(written)).every((part) =>
    typeof part === 'string' ? part !== '' : part.from !== '' && part.to !== '',
  );
  const durations = [written.ramp, written.duration, written.timeLimit, written.rto];
  return named && durations.every((text) => parseDuration(text) !== undefined);
}

function scopeOf({ target, cluster, service, zone, from, to }: Draft) {
  switch (target) {
    case 'everywhere':
      return {};
    case 'cluster':
      return { cluster };
    case 'service':
      return { service };
    case 'service-in-cluster':
      return { cluster, service };
    case 'zone':
      return { cluster, zone };
    case 'link':
      return { link: { from, to } };
  }
}

function stored(): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Draft>;
    return { ...blank, ...kept };
  } catch {
    return blank;
  }
}
