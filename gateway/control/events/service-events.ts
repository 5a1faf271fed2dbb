/** Owns noticing what happens to services, as seen from this gateway: endpoints of its cluster, ejections, and traffic that leaves it. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownServices } from '../catalog/known-services.ts';
import type { Changes } from '../changes.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Sampler, Stepped } from '../graph/sampler.ts';
import { stepMs } from '../graph/samples.ts';
import type { Workers } from '../workers/workers.ts';
import { type Ejected, ejectionEvents } from './ejections.ts';
import { downAmong, endpointEvents } from './endpoints.ts';
import type { Journal } from './journal.ts';
import { type Answered, Spills } from './spills.ts';

/** Endpoints that change together are told of together; one that is back before that was never down. */
const everyMs = 200;

/** The parts of a gateway that are watched, and the journal for the events. */
export interface WatchedServices {
  readonly catalog: Pick<Catalog, 'services' | 'find'>;
  readonly changes: Pick<Changes, 'join'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly config: Pick<GatewayConfig, 'cluster'>;
  readonly journal: Pick<Journal, 'add'>;
  readonly services: Pick<KnownServices, 'endpoints'>;
  readonly workers: Pick<Workers, 'balancerStates'>;
}

/** Writes events to the gateway's journal from now on; returns a function that stops that. */
export function noteServiceEvents(
  gateway: WatchedServices,
  sampler: Pick<Sampler, 'onStep'>,
  log: Log,
): () => void {
  const stops = [watchEndpoints(gateway), watchTraffic(gateway, sampler, log)];
  return () => {
    for (const stop of stops) stop();
  };
}

function watchEndpoints(gateway: WatchedServices): () => void {
  const { catalog, changes, clock, config, journal, services } = gateway;
  const down = new Map<ServiceName, ReadonlySet<string>>();
  const changed = new Set<ServiceName>(catalog.services());
  let cancel: (() => void) | undefined;
  const look = (): void => {
    cancel = undefined;
    for (const service of changed) {
      const before = down.get(service) ?? new Set();
      const seen = services.endpoints(service).map(({ id, health, gateway: holder }) => ({
        id,
        health,
        reason: catalog.find(service, id)?.reason ?? `As ${holder} reports`,
      }));
      for (const event of endpointEvents(config.cluster, service, before, seen)) journal.add(event);
      const now = downAmong(seen, before);
      if (now.size > 0) down.set(service, now);
      else down.delete(service);
    }
    changed.clear();
  };
  const soon = (service: ServiceName): void => {
    changed.add(service);
    cancel ??= clock.after(everyMs, look);
  };
  const stop = changes.join({
    endpoints: soon,
    snapshot({ services: known }) {
      for (const service of known) soon(service);
    },
  });
  cancel = clock.after(everyMs, look);
  return () => {
    stop();
    cancel?.();
  };
}

function watchTraffic(
  gateway: WatchedServices,
  sampler: Pick<Sampler, 'onStep'>,
  log: Log,
): () => void {
  const { config, journal, services, workers } = gateway;
  const { cluster } = config;
  const spills = new Spills(cluster);
  let ejected: Ejected = new Map();
  const copies = (service: ServiceName) => services.endpoints(service).length;

  async function lookAtEjections(): Promise<void> {
    try {
      const states = await workers.balancerStates();
      const now = new Map([...states].map(([service, state]) => [service, state.ejected]));
      for (const event of ejectionEvents(cluster, ejected, now, copies)) journal.add(event);
      ejected = now;
    } catch (err) {
      log.warn({ err }, 'the balancers could not be asked for what they ejected');
    }
  }

  return sampler.onStep((step, counted) => {
    const at = (step + 1) * stepMs;
    const answered = answeredBy(counted, cluster);
    for (const event of spills.step(at, answered, (service) => copies(service) > 0)) {
      journal.add(event);
    }
    void lookAtEjections();
  });
}

/** Answered requests of this gateway's own clients; what other gateways sent on, they tell of. What this one refused, no cluster answered. */
function answeredBy(counted: readonly Stepped[], self: string): Answered {
  const answered = new Map<ServiceName, Map<string, number>>();
  for (const { labels, answered: count } of counted) {
    if (labels.source !== self || count === 0) continue;
    const service = labels.service as ServiceName;
    const by = answered.get(service) ?? new Map<string, number>();
    answered.set(service, by.set(labels.cluster, (by.get(labels.cluster) ?? 0) + count));
  }
  return answered;
}
