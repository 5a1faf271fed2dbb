/** Specifies when systemd is told that a gateway is ready, and that no trouble in telling reaches the gateway. */
import test from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import { createLog, type Log } from '../../../../core/log.ts';
import { Changes } from '../../../../gateway/control/changes.ts';
import type { Readiness } from '../../../../gateway/control/readiness/readiness.ts';
import { ServiceManager } from '../../../../gateway/control/service-manager/service-manager.ts';
import { listenAsServiceManager } from '../../../support/service-manager.ts';
import { until } from '../../../support/until.ts';

function gatewayThatIs(readiness: Readiness) {
  return { readiness, changes: new Changes(), workers: { areServing: true } };
}

const uninformed = {
  state: 'uninformed',
  problem: new IsthmusError('NOT_READY', { what: 'The registry\nhas not\tanswered' }),
} as const;

test('a gateway that does not know yet what there is says why, and READY once it does', async (t) => {
  const listening = await listenAsServiceManager(t);
  const log = createLog({ level: 'error' });
  const env = { ...process.env, NOTIFY_SOCKET: listening.socket };
  const manager = new ServiceManager({ env, clock: systemClock, log });
  const gateway = gatewayThatIs(uninformed);
  manager.follow(gateway);
  await manager.reload(async () => {});
  await until('it to say why', () => listening.messages().length > 0);
  t.deepEqual(listening.messages(), ['STATUS=NOT_READY: The registry has not answered']);

  gateway.readiness = { state: 'ready' };
  gateway.changes.tell('membership');
  gateway.changes.tell('snapshot', { clusters: new Set(), services: new Set() } as never);
  await until('it to be ready', () => listening.messages().length > 2);
  t.deepEqual(listening.messages().slice(1), ['STATUS=Serves', `MAINPID=${process.pid}\nREADY=1`]);
});

test('a service manager that is gone is named in the log, and keeps nobody', async (t) => {
  const warned: string[] = [];
  const log = {
    ...createLog({ level: 'error' }),
    warn: (_: object, text: string) => warned.push(text),
  };
  const env = { ...process.env, NOTIFY_SOCKET: '/nonexistent/notify' };
  const manager = new ServiceManager({ env, clock: systemClock, log: log as unknown as Log });
  await manager.succeed();
  await until('the log to say so', () => warned.length > 0);
  t.is(warned[0], 'the service manager could not be told');
});
