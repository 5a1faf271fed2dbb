/** Owns a drill schedule as a file has it: by itself, or as `isthmus drill schedule get -o yaml` prints it, with when it was made. */
import { z } from 'zod';
import { parseYaml } from '../core/yaml-file.ts';
import {
  type Schedule,
  scheduleRecordSchema,
  scheduleSchema,
} from '../federation/drills/records.ts';
import type { Written } from './written.ts';

interface WrittenSchedule {
  readonly schedule: Schedule;
  /** When the one that it was made from was written, wall milliseconds: it may have changed since. Undefined for one by itself. */
  readonly at: number | undefined;
  /** Keys that lead to the schedule in the file. */
  readonly under: readonly string[];
}

const printedSchema = scheduleRecordSchema
  .pick({ schedule: true, at: true })
  .extend({ cluster: z.string(), name: z.string(), nextRun: z.number().optional() });

/** Throws what `parseYaml` does. */
export function parseSchedule({ text, name }: Written): WrittenSchedule {
  const outline = parseYaml(z.record(z.string(), z.unknown()), text, name);
  if (!('schedule' in outline)) {
    return { schedule: parseYaml(scheduleSchema, text, name), at: undefined, under: [] };
  }
  const { schedule, at } = parseYaml(printedSchema, text, name);
  return { schedule, at, under: ['schedule'] };
}
