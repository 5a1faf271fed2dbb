/** Owns the drill being composed: text as it was typed, kept until it is run, whatever happens in between. */
import { effect, signal } from '@preact/signals';
import {
  type DrillField,
  type DrillKind,
  drillFields,
  fieldNames,
  fieldOfSpec,
  fieldsOf,
  specOfFields,
  type Target,
  targetsOf,
} from '../../../../federation/drills/fields.ts';
import type { DrillSpec, DrillSpecInput } from '../../api/drills.ts';
import { durationFault } from '../../format/duration.ts';

export interface Draft extends Readonly<Record<DrillField, string>> {
  readonly kind: DrillKind;
  readonly target: Target;
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
  ...{ kind: 'evacuate', target: 'cluster', cluster: '', service: '', zone: '', from: '', to: '' },
  ...{ delay: '200ms', jitter: '50ms', failPercent: '20', failStatus: '503' },
  ...{ ramp: '10s', duration: '60s', errorRate: '1', p99: '', load: '90', minHealthy: '1' },
  ...{ timeLimit: '5m', rto: '5s', errorBudget: '0.1', reason: '' },
  ...{ name: '', cron: '0 10 1 * *', notDuring: '', enabled: true, tag: '' },
  timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
};

const key = 'isthmus.drill-draft';

export const draft = signal<Draft>(stored());

effect(() => sessionStorage.setItem(key, JSON.stringify(draft.value)));

export function setDraft(patch: Partial<Draft>): void {
  const next = { ...draft.peek(), ...patch };
  const allowed: readonly Target[] = targetsOf[next.kind];
  const target = allowed.includes(next.target) ? next.target : (allowed[0] ?? 'everywhere');
  draft.value = { ...next, target };
}

export function forgetDraft(): void {
  draft.value = blank;
}

/** The spec to be sent; the gateway checks it and says what is wrong with it. */
export function specOf(written: Draft): DrillSpecInput {
  const { kind } = written;
  const values = fieldsOf(kind, written.target).map((name) => [name, read(name, written[name])]);
  return { kind, ...specOfFields(Object.fromEntries(values)) };
}

/** A drill that was composed before, as a draft. */
export function draftOf(spec: DrillSpec): Draft {
  const said = fieldNames.flatMap((name) => {
    const value = fieldOfSpec(spec, name);
    if (value === undefined) return [];
    const isShare = drillFields[name].unit === 'share';
    // A share of 1 in percent, without what floating point adds to it.
    return [[name, String(isShare ? Number((100 * Number(value)).toFixed(6)) : value)] as const];
  });
  const fields: Partial<Draft> = Object.fromEntries(said);
  const { kind } = spec;
  return { ...blank, kind, ...fields, target: targetFrom(fields) ?? targetsOf[kind][0] };
}

/** The target that these names mean. */
export function targetFrom(given: Partial<Draft>): Target | undefined {
  const { cluster, service, zone, from, to } = given;
  if (from || to) return 'link';
  if (service) return cluster ? 'service-in-cluster' : 'service';
  if (zone) return 'zone';
  return cluster ? 'cluster' : undefined;
}

/** The value of a field to be sent; undefined where nothing is written. */
export function read(name: DrillField, text: string): string | number | undefined {
  const { unit } = drillFields[name];
  const written = text.trim();
  if (written === '') return undefined;
  if (unit === 'number') return Number(written);
  return unit === 'share' ? Number(written) / 100 : written;
}

/** Why a text won't do for a field. */
export function faultOf(name: DrillField, text: string): string | undefined {
  const { unit, optional } = drillFields[name];
  const written = text.trim();
  if (written === '' && optional) return undefined;
  if (unit === 'duration') return durationFault(written);
  if (unit === 'name') return written === '' ? 'Choose one' : undefined;
  const isNumber = unit === 'number' || unit === 'share';
  return isNumber && !Number.isFinite(read(name, text)) ? 'Write a number' : undefined;
}

/** Whether enough is known to ask what would happen. */
export function isComplete(written: Draft): boolean {
  const names = fieldsOf(written.kind, written.target);
  return names.every((name) => faultOf(name, written[name]) === undefined);
}

function stored(): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Draft>;
    return { ...blank, ...kept };
  } catch {
    return blank;
  }
}
