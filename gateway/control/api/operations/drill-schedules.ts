/** Owns the operations on drills that are run by the calendar. */
import { scopeText } from '../../../../federation/drills/words.ts';
import type { Schedules } from '../../drills/schedules.ts';
import type { Operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { drillScheduleResource } from '../resources/drill-schedule.ts';

export function scheduleOperations(schedules: Schedules): Operation[] {
  return resourceOperations(drillScheduleResource, {
    find: ({ name }) => schedules.find(name),
    get: ({ name }) => schedules.get(name),
    put: ({ name }, schedule) => schedules.put(name, schedule),
    delete: ({ name }) => schedules.delete(name),
    list: {
      key: ({ cluster, name }) => `${cluster} ${name}`,
      items: () => schedules.list(),
    },
    object: ({ name }, { spec, cron }) =>
      `schedule ${name}: ${spec.kind} ${scopeText(spec.scope)}, ${cron}`,
  });
}
