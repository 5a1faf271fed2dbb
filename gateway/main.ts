/** Owns the gateway as a process: configuration in, signals, drain, exit code out. */
import { systemClock } from '../core/clock.ts';
import { createLog, type Log } from '../core/log.ts';
import { type AdminServer, startAdminServer } from './admin/server.ts';
import { loadConfig } from './config.ts';
import { createControl } from './control.ts';
import { Gateway } from './gateway.ts';

export interface RunOptions {
  readonly configPath: string;
}

/**
 * Runs a gateway until SIGTERM or SIGINT, then drains it. Resolves to the exit code: 0 after a drain.
 * A second signal ends it at once, with 1. Throws what keeps it from starting.
 */
export async function runGateway({ configPath }: RunOptions): Promise<number> {
  const config = await loadConfig(configPath);
  const { cluster, gateway: id } = config;
  const log = createLog({ level: config.log.level, fields: { node: `${cluster}/${id}` } });
  const stopped = onStopSignal(log);
  const gateway = await Gateway.start({ config, clock: systemClock, random: Math.random, log });
  let admin: AdminServer | undefined;
  try {
    admin = await startAdminServer({
      listen: config.listen.admin,
      control: createControl(gateway, () => admin?.address ?? config.listen.admin),
      log,
    });
  } catch (thrown) {
    await gateway.kill();
    throw thrown;
  }
  // The files are looked at every few seconds anyway; this is for those who don't want to wait.
  process.on('SIGHUP', () => void gateway.ingressCertificates.look());
  log.info({ ...gateway.addresses, admin: admin.address }, 'ready');
  await stopped;
  await gateway.drain(config.drainTimeout);
  await admin.close();
  log.info('stopped');
  return 0;
}

/**
 * A signal to a whole process group, as a service manager sends it, arrives twice where a launcher passes its own
 * on: within this time that is one request to stop.
 */
const echoMs = 1_000;

function onStopSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (askedAt !== undefined) {
        if (now - askedAt < echoMs) return;
        log.warn({ signal }, 'stopping at once');
        process.exit(1);
      }
      askedAt = now;
      log.info({ signal }, 'draining');
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
