/** Owns the gateway as a process: configuration in, signals, takeover, drain, exit code out. */
import { systemClock } from '../core/clock.ts';
import { createLog, type Log } from '../core/log.ts';
import { type Administration, startAdministration } from './administration.ts';
import { loadConfig } from './config/config.ts';
import { Gateway } from './gateway.ts';
import { listenForSignals } from './signals.ts';
import { Predecessor } from './takeover/predecessor.ts';
import { tellServiceManager } from './takeover/service-manager.ts';
import { type Successor, startSuccessor } from './takeover/successor.ts';
import { setUpCollector } from './workers/collector.ts';

export interface RunOptions {
  readonly configPath: string;
}

/**
 * Runs a gateway until SIGTERM or SIGINT, then drains it; or until SIGUSR2, then hands it over to a new process.
 * Resolves to the exit code: 0 after either. A second signal to stop ends it at once, with 1. Throws what keeps
 * it from starting.
 */
export async function runGateway({ configPath }: RunOptions): Promise<number> {
  setUpCollector();
  const predecessor = Predecessor.from(process.env);
  const loaded = await loadConfig(configPath);
  const config = predecessor?.inPlaceOf(loaded) ?? loaded;
  const { cluster, gateway: id } = config;
  const log = createLog({ level: config.log.level, fields: { node: `${cluster}/${id}` } });
  const signals = listenForSignals(log);
  const gateway = await Gateway.start({
    config,
    clock: systemClock,
    random: Math.random,
    log,
    predecessor: predecessor && {
      sockets: predecessor.socketsFor(config),
      released: predecessor.released,
      async ready() {
        // Before the old process ends: systemd takes the end of the main one for the end of the service.
        await tellServiceManager(process.env, log);
        predecessor.ready();
      },
    },
  });
  const admin = await startAdmin(gateway, log);
  log.info({ ...gateway.addresses, admin: admin.address, pid: process.pid }, 'ready');
  // The files are looked at every few seconds anyway; this is for those who don't want to wait.
  process.on('SIGHUP', () => void gateway.ingressCertificates.look());
  if (!predecessor) await tellServiceManager(process.env, log);

  const handedOver = new Promise<Successor>((resolve) => {
    signals.onTakeover(async () => resolve(await successorOf(gateway, admin)));
  });
  const successor = await Promise.race([signals.stopped, handedOver]);
  if (successor) {
    log.info({ successor: successor.pid }, 'handing over');
    // Nothing is registered here any more that the successor would not know of.
    await admin.close();
    await gateway.release();
    successor.release();
    await gateway.retire(config.drainTimeout);
  } else {
    await gateway.drain(config.drainTimeout);
    await admin.close();
  }
  log.info('stopped');
  return 0;
}

async function startAdmin(gateway: Gateway, log: Log): Promise<Administration> {
  try {
    return await startAdministration(gateway, systemClock, log);
  } catch (thrown) {
    await gateway.kill();
    throw thrown;
  }
}

/** Throws TAKEOVER_FAILED. */
async function successorOf(gateway: Gateway, admin: Administration): Promise<Successor> {
  await gateway.registrationsSaved();
  return startSuccessor({
    sockets: gateway.workers.sockets,
    addresses: { ...gateway.addresses, admin: admin.address },
    clock: systemClock,
  });
}
