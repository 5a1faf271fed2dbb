/** Owns the declaration of a drill that is run by the calendar. */
import { z } from 'zod';
import { scheduleRecordSchema, scheduleSchema } from '../../../../federation/drills/records.ts';
import { labelSchema } from '../../../../registry/model.ts';
import { resource } from '../resource.ts';

export const drillScheduleResource = resource({
  name: 'drill_schedule',
  plural: 'drill_schedules',
  tag: 'Drills',
  summary: 'A drill that a cluster runs by the calendar',
  path: '/v1/drill-schedules/{name}',
  collection: '/v1/drill-schedules',
  params: z.strictObject({ name: labelSchema.describe('Name of the schedule in its cluster') }),
  body: scheduleSchema,
  answer: scheduleRecordSchema.omit({ signature: true }).extend({
    name: scheduleRecordSchema.shape.name.describe('Name of the schedule in its cluster'),
    schedule: scheduleSchema.describe('The schedule as it was put'),
    cluster: scheduleRecordSchema.shape.cluster.describe('Cluster whose gateways run it'),
    at: scheduleRecordSchema.shape.at.describe('When it was put, in milliseconds since 1970'),
    nextRun: z
      .int()
      .min(0)
      .optional()
      .describe('When it runs next, in milliseconds since 1970; absent when it never does'),
  }),
  holds: 'schedule',
  // A service is evacuated from the own cluster where none is named.
  chosen: ['spec.scope.cluster'],
  derived: ['nextRun'],
  role: 'operator',
  says: {
    list: 'Drills that are run by the calendar, of all clusters',
    get: 'One schedule of this cluster, and when it runs next',
    put: 'Has this cluster run a drill by the calendar',
    delete: 'Ends a schedule of this cluster',
  },
});
