/** Owns the gateway as a process: configuration in, signals, takeover, drain, exit code out. */
import { flushCompileCache } from 'node:module';
import { systemClock } from '../core/clock.ts';
import { collectStart, tuneGarbageCollection } from '../core/garbage-collection.ts';
import { createLog, type Log } from '../core/log.ts';
import type { Administration } from './control/api/administration.ts';
import { loadConfig } from './control/config/config.ts';
import { Reload } from './control/config/reload.ts';
import { ServiceManager } from './control/service-manager/service-manager.ts';
import { Predecessor } from './control/takeover/predecessor.ts';
import { type Successor, startSuccessor } from './control/takeover/successor.ts';
import { Gateway } from './gateway.ts';
import { listenForSignals } from './signals.ts';

/** After so long at the latest all is loaded that is needed for a start. */
const startedMs = 15_000;

interface RunOptions {
  readonly configPath: string;
}

/**
 * Runs a gateway until SIGTERM or SIGINT, then drains it; or until SIGUSR2, then hands it over to a new process. SIGHUP has it read
 * its configuration again.
 * Resolves to the exit code: 0 after either. A second signal to stop ends it at once, with 1. Throws what keeps
 * it from starting.
 */
export async function runGateway({ configPath }: RunOptions): Promise<number> {
  tuneGarbageCollection();
  const predecessor = Predecessor.from(process.env);
  const loaded = await loadConfig(configPath);
  const config = predecessor?.inPlaceOf(loaded) ?? loaded;
  const { cluster, gateway: id } = config;
  const log = createLog({ level: config.log.level, fields: { node: `${cluster}/${id}` } });
  const signals = listenForSignals(log);
  const manager = new ServiceManager({ env: process.env, clock: systemClock, log });
  const gateway = await Gateway.start({
    config,
    clock: systemClock,
    random: Math.random,
    log,
    adopted: () => signals.takeOver(),
    predecessor: predecessor && {
      sockets: predecessor.socketsFor(config),
      released: predecessor.released,
      async ready() {
        await manager.succeed();
        predecessor.ready();
      },
    },
  });
  const admin = await startAdmin(gateway, log);
  const { readiness } = gateway;
  const at = { ...gateway.addresses, admin: admin.address, pid: process.pid };
  if ('problem' in readiness) log.warn({ ...at, err: readiness.problem }, 'not ready');
  else log.info(at, 'ready');
  const reload = new Reload({ gateway, path: configPath, loaded, log });
  signals.onReload(() =>
    manager.reload(async () => {
      await reload.run();
      // The files are looked at every few seconds anyway; this is for those who don't want to wait.
      await gateway.ingressCertificates.look();
      void gateway.foreignBundles.look();
    }),
  );
  manager.follow(gateway);
  // Now, for a process that is killed keeps nothing.
  flushCompileCache();
  systemClock.after(startedMs, collectStart);

  const handedOver = new Promise<Successor>((resolve) => {
    signals.onTakeover(async () => {
      try {
        resolve(await successorOf(gateway, admin));
      } catch (thrown) {
        await reload.look();
        throw thrown;
      }
    });
  });
  const successor = await Promise.race([signals.stopped, handedOver]);
  if (successor) {
    log.info({ successor: successor.pid }, 'handing over');
    manager.handedOver();
    // Nothing is registered here any more that the successor would not know of.
    await admin.close();
    await gateway.release();
    successor.release();
    await gateway.retire(gateway.config.drainTimeout);
  } else {
    manager.stopping();
    await gateway.drain(gateway.config.drainTimeout);
    await admin.close();
  }
  log.info('stopped');
  return 0;
}

async function startAdmin(gateway: Gateway, log: Log): Promise<Administration> {
  try {
    // Loaded only now: requests are taken some tenths of a second earlier.
    const { startAdministration } = await import('./control/api/administration.ts');
    return await startAdministration(gateway, {
      ...{ clock: systemClock, random: Math.random, log },
    });
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
