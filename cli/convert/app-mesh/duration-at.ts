/** Owns reading a duration of App Mesh, which is an object of its own. */
import { unitDuration } from '../durations.ts';
import type { Field } from '../field.ts';

/** Undefined where there is none; or, and told, where it is over 24 hours or in another unit. */
export function durationAt(of: Field | undefined, key: string): string | undefined {
  const at = of?.at(key);
  if (at === undefined) return undefined;
  const duration = unitDuration({ unit: at.text('unit'), value: at.number('value') });
  if (duration === undefined) at.leave('it is no duration up to 24h');
  return duration;
}
