/** Owns the operations on drills that are run by the calendar. */
import { z } from 'zod';
import { scheduleRecordSchema, scheduleSchema } from '../../../../federation/drills/records.ts';
import { scopeText } from '../../../../federation/drills/words.ts';
import { labelSchema } from '../../../../registry/model.ts';
import type { Schedules } from '../../drills/schedules.ts';
import { listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';

const tag = 'Drills';
const scheduleParams = z.strictObject({ name: labelSchema });
const scheduleItemSchema = scheduleRecordSchema.omit({ signature: true }).extend({
  /** Wall milliseconds; absent when it never runs. */
  nextRun: z.int().min(0).optional(),
});
/** The field that changes as time passes. */
const derived: readonly (keyof z.output<typeof scheduleItemSchema>)[] = ['nextRun'];

export function scheduleOperations(schedules: Schedules): Operation[] {
  const find = (name: string) => schedules.find(name);
  return [
    listing({
      path: '/v1/drill-schedules',
      id: 'listDrillSchedules',
      tag,
      summary: 'Drills that are run by the calendar, of all clusters',
      role: 'viewer',
      item: scheduleItemSchema,
      key: ({ cluster, name }) => `${cluster} ${name}`,
      items: () => schedules.list(),
    }),
    operation({
      method: 'GET',
      path: '/v1/drill-schedules/{name}',
      id: 'getDrillSchedule',
      tag,
      summary: 'One schedule of this cluster, and when it runs next',
      role: 'viewer',
      params: scheduleParams,
      answer: scheduleItemSchema,
      derived,
      handle: ({ params }) => schedules.get(params.name),
    }),
    operation({
      method: 'PUT',
      path: '/v1/drill-schedules/{name}',
      id: 'putDrillSchedule',
      tag,
      summary: 'Has this cluster run a drill by the calendar',
      role: 'operator',
      params: scheduleParams,
      body: scheduleSchema,
      answer: scheduleItemSchema,
      derived,
      current: ({ params }) => find(params.name),
      object: ({ params, body: { spec, cron } }) =>
        `schedule ${params.name}: ${spec.kind} ${scopeText(spec.scope)}, ${cron}`,
      handle: ({ params, body }) => schedules.put(params.name, body),
    }),
    operation({
      method: 'DELETE',
      path: '/v1/drill-schedules/{name}',
      id: 'deleteDrillSchedule',
      tag,
      summary: 'Ends a schedule of this cluster',
      role: 'operator',
      params: scheduleParams,
      derived,
      current: ({ params }) => find(params.name),
      handle: ({ params }) => schedules.delete(params.name),
    }),
  ];
}
