/** Owns telling systemd which process the service is: at the start, and after each takeover. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Log } from '../../../core/log.ts';

const run = promisify(execFile);

/**
 * Says that this process is the service's main one, and ready (sd_notify(3)), where systemd asks to be told. Its own program does it, for
 * Node has no datagram sockets on paths; `NotifyAccess=all` lets it. Never rejects: traffic does not depend on it.
 */
export async function tellServiceManager(env: NodeJS.ProcessEnv, log: Log): Promise<void> {
  if (!env['NOTIFY_SOCKET']) return;
  try {
    await run('systemd-notify', ['--ready', `--pid=${process.pid}`], { env });
  } catch (thrown) {
    log.warn({ err: thrown }, 'systemd could not be told that the gateway is ready');
  }
}
