/** Specifies how drills are listed by command. */
import test from 'ava';
import { adminAt } from './admin-at.ts';
import { schedule } from './answers.ts';
import { isthmus } from './in-process.ts';

const drill = {
  ...{ cluster: 'dc1', id: '20261121-090000-1f3a', spec: schedule.schedule.spec, state: 'done' },
  ...{ outcome: 'passed', driver: { cluster: 'dc1', gateway: 'gateway-1' }, createdAt: 0 },
};

test('drills are listed a line each, and by id alone, for the next command to take', async (t) => {
  const env = await adminAt(t, (app) => {
    app.get('/v1/drills', () => ({ items: [drill] }));
    app.get('/v1/orders', () => ({ drains: [], failovers: [] }));
  });
  const run = (...args: string[]) => isthmus(['drill', 'list', ...args], { env });
  t.regex(
    (await run()).stdout,
    /\n20261121-090000-1f3a {2}evacuate {2}cluster dc1 {2}done +passed/,
  );
  t.is((await run('-o', 'name')).stdout, '20261121-090000-1f3a\n');
});
