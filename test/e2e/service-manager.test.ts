/** Specifies what systemd is told of a gateway, on a real datagram socket: ready, reloading, alive, followed by another, stopping. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { standalone } from '../support/federation.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { listenAsServiceManager } from '../support/service-manager.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;

test.serial(
  'a gateway tells that it is ready, takes up its file, lives, is followed, and stops',
  async (t) => {
    const manager = await listenAsServiceManager(t);
    process.env['NOTIFY_SOCKET'] = manager.socket;
    process.env['WATCHDOG_USEC'] = '400000';
    // As where a launcher starts the gateway.
    process.env['WATCHDOG_PID'] = `${process.pid}`;
    t.teardown(() => {
      delete process.env['NOTIFY_SOCKET'];
      delete process.env['WATCHDOG_USEC'];
      delete process.env['WATCHDOG_PID'];
    });
    const said = (word: string | RegExp) =>
      manager
        .messages()
        .filter((text) => (typeof word === 'string' ? text === word : word.test(text)));

    const { gateway } = await standalone(t, 'dc1', { instances: 0, config: { workers: 2 } });
    const { pid } = await gateway.status();
    await until('READY', () => said(`MAINPID=${pid}\nREADY=1`).length === 1);
    await until('its state', () => said('STATUS=Serves').length === 1);
    await until('signs of life', () => said('WATCHDOG=1').length > 2);

    process.kill(pid, 'SIGHUP');
    await until('READY once more', () => said(`MAINPID=${pid}\nREADY=1`).length === 2);
    const [reloading = ''] = said(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    const messages = manager.messages();
    t.true(messages.indexOf(reloading) < messages.lastIndexOf(`MAINPID=${pid}\nREADY=1`));
    const uptimeUs = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]) * 1e6;
    const reloadedAtUs = Number(reloading.split('=')[2]);
    t.true(
      Math.abs(uptimeUs - reloadedAtUs) < 60e6,
      'the time is of the clock that systemd counts by',
    );

    t.is(await gateway.takeOver(), 0);
    const successor = (await gateway.status()).pid;
    t.is(said(`MAINPID=${successor}\nREADY=1`).length, 1, 'before the old process has ended');
    t.is(said(/STOPPING/).length, 0, 'the service goes on');
    const before = said('WATCHDOG=1').length;
    await until('signs of life of the new process', () => said('WATCHDOG=1').length > before + 1);

    process.kill(successor, 'SIGTERM');
    await until('STOPPING', () => said(/^STOPPING=1\n/).length === 1);
  },
);

test.serial(
  'a gateway that waits for people has started: who waits for the start could not help it',
  async (t) => {
    const manager = await listenAsServiceManager(t);
    process.env['NOTIFY_SOCKET'] = manager.socket;
    t.teardown(() => delete process.env['NOTIFY_SOCKET']);
    const config = { cluster: 'dc1', standalone: false };
    const gateway = await GatewayProcess.prepare(t, join(await tempDir(t), 'dc1'), config);
    await gateway.start('unjoined');
    await until('READY, and why it is not', () => {
      const said = manager.messages().join('\n');
      return /READY=1/.test(said) && /STATUS=NOT_A_MEMBER: /.test(said);
    });
    t.pass();
  },
);
