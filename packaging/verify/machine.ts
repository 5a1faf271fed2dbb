/** Owns a machine of its own for a verification: Debian in a folder, with systemd as its first process and a network of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { eventually, quiet } from './programs.ts';

const mirror = 'http://deb.debian.org/debian';
const packages = ['systemd', 'systemd-sysv', 'dbus', 'adduser', 'libatomic1', 'libstdc++6', 'curl'];

export interface Machine {
  /** Runs a program within; resolves to what it said. */
  run(...command: readonly string[]): Promise<string>;
  /** Shuts it down. */
  stop(): Promise<void>;
}

/** Fills `folder` with a small Debian. */
export async function installDebian(folder: string): Promise<void> {
  await quiet(
    'debootstrap',
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    'bookworm',
    folder,
    mirror,
  );
}

export async function boot(folder: string): Promise<Machine> {
  const how = [
    '--quiet',
    '--boot',
    '--register=no',
    '--keep-unit',
    '--private-network',
    '--console=pipe',
  ];
  const child = spawn('systemd-nspawn', [...how, `--directory=${folder}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(child, 'exit');
  const first = await eventually('systemd to begin', async () => {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    return children.trim().split(' ')[0] || undefined;
  });
  const within = [
    '--target',
    first,
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
    '--root',
    '--wd',
    '--',
    // Nothing of this machine's environment.
    'env',
    '-i',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  const run: Machine['run'] = (...command) => quiet('nsenter', ...within, ...command);
  await eventually('systemd to answer', async () => {
    return (
      (await run('systemctl', 'is-system-running', '--wait').catch(String)).length || undefined
    );
  });
  return {
    run,
    async stop() {
      await run('systemctl', 'poweroff').catch(() => child.kill('SIGKILL'));
      await gone;
    },
  };
}
