/** Specifies when an ejected endpoint is back by its checks, against real servers. */
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseServiceName } from '../../../../core/names.ts';
import { HealthChecker } from '../../../../gateway/control/health/checker.ts';
import { Readmission } from '../../../../gateway/control/health/readmission.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import { checkSchema } from '../../../../policy/health-check.ts';
import { until } from '../../../support/until.ts';
import { closedPort, startOrigin } from '../../data/request/scene.ts';

const { lookup } = new NameResolver({ clock: systemClock, log: silentLog });
const address = '127.0.0.1';
const named = (id: string) => ({ service: parseServiceName('orders.shop'), id });

/** `elsewhere`: ports of endpoints of another gateway. */
function start(t: ExecutionContext, elsewhere: Readonly<Record<string, number>> = {}) {
  const checker = new HealthChecker({ clock: systemClock, random: Math.random, lookup });
  t.teardown(() => checker.close());
  const passed: string[] = [];
  const probes: string[] = [];
  checker.onPass((key) => probes.push(key));
  const readmission = new Readmission({
    checker,
    clock: systemClock,
    keyOf: ({ id }) => id,
    elsewhere: ({ id }) => {
      const port = elsewhere[id];
      return port === undefined ? undefined : { address, port };
    },
    passed: ({ id }) => passed.push(id),
  });
  const check = (id: string, port: number) => {
    const http = { path: '/' };
    const every = checkSchema.parse({ http, interval: '50ms', timeout: '1s' });
    checker.set({ key: id, address, port, check: every });
  };
  return { checker, readmission, passed, probes, check };
}

test('the next check that passes brings it back, once; before that nothing is told', async (t) => {
  const { port } = await startOrigin(t, 'a');
  const { readmission, passed, probes, check } = start(t);
  check('a', port);
  await until('a check to pass', () => probes.length > 0);
  t.deepEqual(passed, []);
  readmission.ejected(named('a'));
  readmission.ejected(named('a'));
  await until('it to be back', () => passed.length > 0);
  const seen = probes.length;
  await until('more checks to pass', () => probes.length > seen + 1);
  t.deepEqual(passed, ['a']);
  readmission.ejected(named('a'));
  await until('it to be back again', () => passed.length === 2);
});

test('a check that fails does not, nor one that began before', async (t) => {
  const answers: (() => void)[] = [];
  let status = 200;
  const { port } = await startOrigin(t, 'a', (_, response) => {
    answers.push(() => response.writeHead(status).end());
  });
  const { readmission, passed, probes, check } = start(t);
  check('a', port);
  await until('a check to be under way', () => answers.length === 1);
  readmission.ejected(named('a'));
  answers[0]?.();
  await until('it to have passed, and the next to be under way', () => answers.length === 2);
  t.deepEqual([probes, passed], [['a'], []]);
  status = 500;
  answers[1]?.();
  await until('it to have failed, and the next to be under way', () => answers.length === 3);
  t.deepEqual(passed, []);
  status = 200;
  answers[2]?.();
  await until('it to be back', () => passed.length === 1);
  t.pass();
});

test('one that another gateway checks is connected to, only until that succeeds', async (t) => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const { checker, readmission, passed } = start(t, { far: port });
  readmission.ejected(named('far'));
  await until('it to be back', () => passed.length === 1);
  t.is(checker.status('ejected:far'), undefined);
});

test('one that has no check waits for its time, and one that can’t be connected to until it can', async (t) => {
  const { port } = await startOrigin(t, 'witness');
  const late = await closedPort();
  const { checker, readmission, passed, check } = start(t, { late });
  check('witness', port);
  readmission.ejected(named('unchecked'));
  readmission.ejected(named('late'));
  const isLooked = () => checker.status('ejected:late')?.checkedAt !== undefined;
  await until('it to be probed', isLooked);
  readmission.ejected(named('witness'));
  await until('another to be back', () => passed.length === 1);
  t.deepEqual(passed, ['witness']);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(late, address, resolve));
  t.teardown(() => server.close());
  await until('it to be back', () => passed.length === 2);
  t.deepEqual(passed, ['witness', 'late']);
});
