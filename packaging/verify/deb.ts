/** Owns verifying the Debian package: by lintian, and installed, started, upgraded, removed and purged under a systemd of its own. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boot, installDebian, type Machine } from './machine.ts';
import { eventually, expect, shown } from './programs.ts';

export async function verifyDebLooksRight(deb: string): Promise<void> {
  await shown('lintian', '--allow-root', '--fail-on', 'error,warning', deb);
}

export async function verifyDebInstalled(deb: string, dir: string): Promise<void> {
  const folder = join(dir, 'root');
  await installDebian(folder);
  const within = '/root/isthmus.deb';
  await copyFile(deb, join(folder, within));
  const machine = await boot(folder);
  try {
    await run(machine, within);
  } finally {
    await machine.stop();
  }
}

async function run(machine: Machine, deb: string): Promise<void> {
  const say = async (...command: readonly string[]) => {
    process.stdout.write(`# ${command.join(' ')}\n`);
    const said = await machine.run(...command);
    process.stdout.write(said);
    return said;
  };
  const property = async (name: string) =>
    (await machine.run('systemctl', 'show', 'isthmus', '--property', name, '--value')).trim();
  const after = (mark: string) =>
    machine.run('journalctl', '--unit=isthmus', '--output=cat', `--after-cursor=${mark}`);
  const cursor = async () =>
    /cursor: (.*)/.exec(await machine.run('journalctl', '--lines=0', '--show-cursor'))?.[1] ?? '';

  await say('dpkg', '--install', deb);
  await say('stat', '--format=%n %a %U:%G', '/etc/isthmus', '/etc/isthmus/gateway.yaml');
  expect(
    (await property('ActiveState')) === 'inactive',
    'it is not started before its cluster has a name',
  );
  await say('systemd-analyze', 'verify', '--man=no', '/lib/systemd/system/isthmus.service');
  process.stdout.write('# systemd-analyze security isthmus.service\n');
  const security = await machine.run(
    'systemd-analyze',
    'security',
    '--no-pager',
    'isthmus.service',
  );
  process.stdout.write(`${security.trim().split('\n').at(-1)}\n`);

  await say('systemctl', 'enable', '--now', 'isthmus');
  expect((await property('StatusText')) === 'Serves', 'systemctl start returns once it serves');
  const first = await property('MainPID');
  await say('isthmus', 'status');
  await say(
    'grep',
    '--extended-regexp',
    '^(Uid|CapEff|NoNewPrivs|Seccomp):',
    `/proc/${first}/status`,
  );
  await say('stat', '--format=%n %a %U:%G', '/var/lib/isthmus', '/var/cache/isthmus');

  let mark = await cursor();
  await say('systemctl', 'reload', 'isthmus');
  expect(
    (await after(mark)).includes('configuration taken up'),
    'reload returns once the file is taken up',
  );

  mark = await cursor();
  await say('dpkg', '--install', deb);
  const second = await eventually('an upgrade to be a takeover', async () => {
    const pid = await property('MainPID');
    return pid !== first && pid !== '0' ? pid : undefined;
  });
  process.stdout.write(`the main process was ${first} and is ${second}\n`);
  await eventually('the old process to end in good order', async () =>
    (await after(mark)).includes('"stopped"') ? true : undefined,
  );
  const begun = await property('WatchdogTimestampMonotonic');
  await eventually('signs of life of the successor', async () => {
    return (await property('WatchdogTimestampMonotonic')) !== begun ? true : undefined;
  });
  expect((await property('NRestarts')) === '0', 'nothing was restarted');

  await say('sh', '-c', `kill -STOP ${second}`);
  await eventually('a gateway that hangs to be started anew', async () => {
    const isAnew = (await property('NRestarts')) === '1';
    return isAnew && (await property('ActiveState')) === 'active' ? true : undefined;
  });
  process.stdout.write(`the watchdog had it started anew, as ${await property('MainPID')}\n`);

  await say('dpkg', '--remove', 'isthmus');
  const names = await machine.run('sh', '-c', 'cat /proc/[0-9]*/comm');
  expect(names.includes('systemd') && !names.includes('node'), 'no process is left');
  await say('ls', '/etc/isthmus', '/var/lib/isthmus');
  await say('dpkg', '--purge', 'isthmus');
  const left = await machine.run(
    'find',
    '/etc',
    '/usr',
    '/var/lib',
    '/var/cache',
    '-name',
    '*isthmus*',
    '-not',
    '-path',
    '/var/lib/dpkg/*',
  );
  expect(left.trim() === '', `a purge leaves nothing: ${left}`);
}
