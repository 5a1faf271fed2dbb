/** Specifies changing a drill's schedule on condition that it is what was seen. */
import test from 'ava';
import { scheduleOperations } from '../../../../gateway/control/api/operations/drill-schedules.ts';
import type { Schedules } from '../../../../gateway/control/drills/schedules.ts';
import { schedule } from '../../../cli/answers.ts';
import { open } from './open.ts';

const path = '/v1/drill-schedules/monthly';

test('a time that passed is no change of a schedule: what was seen before it is still replaced', async (t) => {
  let item = schedule;
  const schedules: Pick<Schedules, 'find' | 'get' | 'put'> = {
    find: () => item,
    get: () => item,
    async put(_name, given) {
      item = { ...item, schedule: given, at: item.at + 1 };
      return item;
    },
  };
  const operations = scheduleOperations(schedules as Schedules);
  const { ask } = await open(t, { more: { operations } });
  const seen = (await ask(path)).headers.etag ?? '';

  item = { ...item, nextRun: (item.nextRun ?? 0) + 86_400_000 };
  const now = await ask(path, { headers: { 'if-none-match': seen } });
  t.is(now.status, 200);
  t.like(now.json, { nextRun: item.nextRun });

  const body = { ...schedule.schedule, cron: '0 11 1 * *' };
  const put = () => ask(path, { method: 'PUT', body, headers: { 'if-match': seen } });
  const replaced = await put();
  t.is(replaced.status, 200);
  t.is(replaced.headers.etag, (await ask(path)).headers.etag);
  t.is((await put()).status, 412);
  const onlyNew = { method: 'PUT', body, headers: { 'if-none-match': '*' } };
  t.is((await ask(path, onlyNew)).status, 412);
});
