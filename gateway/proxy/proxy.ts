/** Owns taking in requests: each is turned away by its head, or forwarded. */
import type { Clock, Random } from '../../core/clock.ts';
import type { IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName } from '../../core/names.ts';
import { type AdmissionRules, admit, isRefused, type Refused } from './admit.ts';
import type { ClusterTransport, EndpointTransport } from './call.ts';
import type { Exchange, ExchangeHandler, ExchangeTaker } from './exchange.ts';
import { FaultMaker } from './fault-maker.ts';
import { Forwarding } from './forwarding.ts';
import type { ForwardingGround } from './forwarding-ground.ts';
import { defaultLimits, type ProxyLimits } from './limit.ts';
import type { Observer } from './observer.ts';
import { OwnLines } from './own-lines.ts';
import { type Peer, sourceOf } from './peer.ts';
import { Recorder } from './record.ts';
import { refuse } from './refuse.ts';
import { RequestIds } from './request-id.ts';
import type { RouteLookup } from './route.ts';
import { Sweep } from './sweep.ts';
import { codeOf, type Unreadable } from './unreadable.ts';

export interface ProxyOptions {
  readonly cluster: ClusterName;
  readonly gatewayId: string;
  readonly federation: FederationName;
  readonly routes: RouteLookup;
  /** Reaches other clusters' gateways. */
  readonly links: ClusterTransport;
  /** Reaches this cluster's endpoints. */
  readonly endpoints: EndpointTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Partial<ProxyLimits> | undefined;
  /** Whether responses say who served them (`x-isthmus-cluster`, `x-isthmus-endpoint`); default true. */
  readonly exposeDecision?: boolean | undefined;
  /** What requests are counted in; default one of its own. */
  readonly recorder?: Recorder | undefined;
  /** Looks at requests more closely; default nobody. */
  readonly observer?: Observer | undefined;
  /** Whether new requests are to be refused; default never. Asked for each. */
  readonly isOverloaded?: (() => boolean) | undefined;
}

export interface GatewayProxy extends ExchangeTaker {
  readonly federation: FederationName;
  readonly limits: ProxyLimits;
  readonly recorder: Recorder;
  /** The time limits of everything that waits on the data path. */
  readonly sweep: Sweep;
  /** Faults made on purpose; none at first. */
  readonly faults: FaultMaker;
  /** Turns a request away without looking for its service. */
  turnAway(exchange: Exchange, error: IsthmusError): ExchangeHandler;
  /** Counts and logs what could not be read as a request. `isAnswered`: else it was reset, or its connection closed. */
  unreadable(peer: Peer, protocol: '1.1' | '2', why: Unreadable, isAnswered: boolean): void;
  /** The same by other routes, such as those of an ingress. */
  withRoutes(routes: RouteLookup): ExchangeTaker;
  /** Time limits hold no more. */
  close(): void;
}

export function createProxy(options: ProxyOptions): GatewayProxy {
  const { clock, log } = options;
  const limits: ProxyLimits = { ...defaultLimits, ...options.limits };
  const pseudonym = `${options.gatewayId}.${options.cluster}`;
  const { federation } = options;
  const { maxBodyBytes } = limits;
  const { recorder = new Recorder(), observer, isOverloaded = () => false } = options;
  const sweep = new Sweep(clock);
  const faults = new FaultMaker(options.cluster, sweep, options.random);
  const ground: ForwardingGround = {
    cluster: options.cluster,
    says: new OwnLines({
      cluster: options.cluster,
      federation,
      pseudonym,
      exposeDecision: options.exposeDecision ?? true,
    }),
    ids: new RequestIds(),
    limits,
    endpoints: options.endpoints,
    links: options.links,
    faults,
    recorder,
    observer,
    sweep,
    random: options.random,
    log,
  };
  const turnedAway: ExchangeHandler = {
    onBody: () => true,
    onBodyEnd: () => undefined,
    onWritable: () => undefined,
    onOver: () => void recorder.inFlight--,
  };

  function take(exchange: Exchange, rules: AdmissionRules): ExchangeHandler {
    recorder.inFlight++;
    sweep.refresh();
    try {
      const admission = admit(exchange, rules);
      if (isRefused(admission)) return turnAway(exchange, admission);
      const forwarding = new Forwarding(exchange, admission, ground);
      forwarding.start();
      return forwarding;
    } catch (thrown) {
      recorder.inFlight--;
      recorder.refused(undefined, 'INTERNAL');
      log.error({ err: thrown }, 'request failed inside the gateway');
      exchange.destroy();
      return { ...turnedAway, onOver: () => undefined };
    }
  }

  function turnAway(exchange: Exchange, { error, route }: Refused): ExchangeHandler {
    const service = route?.service;
    recorder.refused(service, error.code, sourceOf(exchange.peer));
    log.debug({ err: error, service, peer: exchange.peer }, 'request refused');
    const trail = observer?.begin(exchange, service);
    refuse(exchange, error, 'no');
    trail?.turnedAway(error);
    trail?.over();
    return turnedAway;
  }

  function taker(routes: RouteLookup): ExchangeTaker {
    const rules = { routes, federation, pseudonym, maxBodyBytes, isOverloaded };
    return { take: (exchange) => take(exchange, rules) };
  }

  return {
    federation,
    limits,
    recorder,
    sweep,
    faults,
    take: taker(options.routes).take,
    turnAway(exchange, error) {
      recorder.inFlight++;
      return turnAway(exchange, { kind: 'refused', error, route: undefined });
    },
    unreadable(peer, protocol, why, isAnswered) {
      const { status, what } = why;
      const code = codeOf(why);
      recorder.refused(undefined, code, sourceOf(peer));
      log.debug({ code, reason: what, peer }, 'request unreadable');
      observer?.unreadable(peer, protocol, code, isAnswered ? status : undefined);
    },
    withRoutes: taker,
    close: () => sweep.close(),
  };
}
