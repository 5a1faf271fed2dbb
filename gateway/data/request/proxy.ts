/** Owns taking in requests: each is turned away by its head, or forwarded. */
import { type Clock, machineUs, type Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import { Roster } from '../../../core/roster.ts';
import { TimingWheel } from '../../../core/timing-wheel.ts';
import { FaultMaker } from '../fault/fault-maker.ts';
import type { ClusterTransport, EndpointTransport } from '../message/call.ts';
import type { Exchange, ExchangeHandler, ExchangeTaker } from '../message/exchange.ts';
import { OwnLines } from '../message/own-lines.ts';
import { type Peer, sourceOf } from '../message/peer.ts';
import { RequestIds } from '../message/request-id.ts';
import { noProxies, type TrustedProxies } from '../message/trusted-proxies.ts';
import type { Observer } from '../observe/observer.ts';
import { PrincipalCounts } from '../observe/principal-counts.ts';
import { Recorder } from '../observe/record.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import { KeyRings } from './authenticate/key-rings.ts';
import { tokensVerified } from './authenticate.ts';
import { isToEnd, policiesAllow } from './authorize.ts';
import {
  type Answered,
  type ChainRules,
  chainFor,
  type Entrance,
  isRoute,
  type Refused,
  type Walked,
  walk,
} from './chain.ts';
import type { ForwardingGround } from './forward/ground.ts';
import { answerHere, forwardsLeft } from './forward/max-forwards.ts';
import { Forwarding } from './forward.ts';
import { defaultLimits, http1Limits, type ProxyLimits } from './limit.ts';
import { Copies } from './mirror/copies.ts';
import { BucketTable } from './rate-limit/bucket-table.ts';
import { type RateLimitGround, rateLimit } from './rate-limit.ts';
import { giveAnswer } from './respond/own-answer.ts';
import { refuse } from './respond/refuse.ts';
import { codeOf, type Unreadable } from './respond/unreadable.ts';
import type { Route, RouteLookup } from './route/route-table.ts';
import type { Step } from './step.ts';
import { stepsThere } from './steps-there.ts';
import { Waiting } from './waiting.ts';

interface ProxyOptions {
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
  /** Counts requests; default one of its own. */
  readonly recorder?: Recorder | undefined;
  /** Most callers of each service that are counted by their names; default 0. */
  readonly principalsPerService?: number | undefined;
  /** Looks at requests more closely; default nobody. */
  readonly observer?: Observer | undefined;
  /** Proxies whose word about their clients is taken; default none. */
  readonly proxies?: TrustedProxies | undefined;
  /** Token buckets of rate limits; default its own. */
  readonly buckets?: BucketTable | undefined;
  /** The keys of issuers of tokens; default none but those in policies. */
  readonly keyRings?: KeyRings | undefined;
  /** Whether new requests are to be refused; default never. Asked for each. */
  readonly isOverloaded?: (() => boolean) | undefined;
  /** Whether a service that is not known is none; default always. Asked where there is no route. */
  readonly isInformed?: (() => boolean) | undefined;
}

export interface GatewayProxy {
  readonly federation: FederationName;
  /** The object stays the same, and what is in it is current: `updateLimits` changes it in place. */
  readonly limits: ProxyLimits;
  /** The same, as parsers of HTTP/1.1 have them. */
  readonly headLimits: Http1Limits;
  readonly proxies: TrustedProxies;
  readonly recorder: Recorder;
  /** The time limits of everything that waits on the data path. */
  readonly wheel: TimingWheel;
  /** Faults made on purpose; none at first. */
  readonly faults: FaultMaker;
  /** Takes in the requests that come in there. */
  at(entrance: Entrance): ExchangeTaker;
  /** Counts and logs what could not be read as a request. `isAnswered`: else it was reset, or its connection closed. */
  unreadable(peer: Peer, protocol: '1.1' | '2', why: Unreadable, isAnswered: boolean): void;
  /** Breaks off what is under way and would be refused now by policies that want that; `current` finds a service's route as it is now. */
  review(current: (service: ServiceName) => Route | undefined): void;
  /** Other limits from now on, for connections that are there, too. */
  updateLimits(limits: ProxyLimits): void;
  /** Time limits hold no more. */
  close(): void;
}

export function createProxy(options: ProxyOptions): GatewayProxy {
  const { clock, log } = options;
  const limits: ProxyLimits = { ...defaultLimits, ...options.limits };
  const headLimits = http1Limits(limits);
  const pseudonym = `${options.gatewayId}.${options.cluster}`;
  const { federation } = options;
  const { recorder = new Recorder(), observer, isOverloaded, isInformed = () => true } = options;
  const { routes } = options;
  const authorizing = { place: { cluster: options.cluster, federation }, recorder, log };
  const authenticating = {
    place: authorizing.place,
    clock,
    rings: options.keyRings ?? new KeyRings(),
    recorder,
  };
  const wheel = new TimingWheel(clock);
  const rates: RateLimitGround = {
    cluster: options.cluster,
    buckets: options.buckets ?? new BucketTable(),
    recorder,
    nowUs: machineUs,
  };
  const rules: ChainRules = {
    ...{ routes, federation, pseudonym, limits, rates, recorder, wheel },
    ...{ authorizing, authenticating },
    ...{ isOverloaded, isInformed, random: options.random },
  };
  /** Counts the changes of what chains are made from. */
  let revision = 0;
  const faults = new FaultMaker(options.cluster, wheel, options.random);
  const ground: ForwardingGround = {
    cluster: options.cluster,
    says: new OwnLines({
      cluster: options.cluster,
      federation,
      pseudonym,
      id: `spiffe://${options.cluster}.${federation}/gateway/${options.gatewayId}`,
      exposeDecision: options.exposeDecision ?? true,
    }),
    ids: new RequestIds(),
    limits,
    endpoints: options.endpoints,
    links: options.links,
    faults,
    recorder,
    principals: new PrincipalCounts({
      place: authorizing.place,
      most: options.principalsPerService ?? 0,
      open: (labels) => recorder.named(labels),
    }),
    open: new Roster(),
    observer,
    wheel,
    clock,
    random: options.random,
    log,
  };
  const copies = new Copies(
    ground,
    routes,
    stepsThere(tokensVerified(authenticating), policiesAllow(authorizing), rateLimit(rates)),
  );
  const turnedAway: ExchangeHandler = {
    onBody: () => true,
    onBodyEnd: () => undefined,
    onWritable: () => undefined,
    onOver: () => void recorder.inFlight--,
  };

  function take(exchange: Exchange, chain: readonly Step[]): ExchangeHandler {
    recorder.inFlight++;
    wheel.refresh();
    try {
      const walked = walk(chain, exchange);
      return walked instanceof Promise ? hold(exchange, walked) : goOn(exchange, walked);
    } catch (thrown) {
      return failInside(exchange, thrown);
    }
  }

  /** `waiting`: in whose place what follows is; `since`: when the request came. */
  function goOn(
    exchange: Exchange,
    walked: Walked,
    waiting?: Waiting,
    since = wheel.now,
  ): ExchangeHandler {
    if (!isRoute(walked)) {
      return walked.kind === 'refused' ? turnAway(exchange, walked) : answer(exchange, walked);
    }
    if (forwardsLeft(exchange.head) === 0) return endHere(exchange, walked);
    const forwarding = new Forwarding(exchange, walked, ground);
    const mirrors = exchange.passage?.mirrors ?? [];
    const handler = mirrors.length === 0 ? forwarding : copies.of(exchange, mirrors, forwarding);
    // What has come of the body may be told at once.
    waiting?.goOn(handler);
    forwarding.start(since);
    return handler;
  }

  function hold(exchange: Exchange, held: Promise<Walked>): ExchangeHandler {
    const waiting = new Waiting(() => void recorder.inFlight--);
    const since = wheel.now;
    held
      .then((walked) => {
        wheel.refresh();
        if (!waiting.isOver) waiting.goOn(goOn(exchange, walked, waiting, since));
      })
      .catch((thrown: unknown) => {
        if (!waiting.isOver) waiting.goOn(failInside(exchange, thrown));
        else log.error({ err: thrown }, 'request failed inside the gateway');
      });
    return waiting;
  }

  function failInside(exchange: Exchange, thrown: unknown): ExchangeHandler {
    recorder.inFlight--;
    recorder.refused(undefined, 'INTERNAL');
    log.error({ err: thrown }, 'request failed inside the gateway');
    exchange.destroy();
    return { ...turnedAway, onOver: () => undefined };
  }

  function answer(exchange: Exchange, { answer: own, route }: Answered): ExchangeHandler {
    const trail = observer?.begin(exchange, route?.service);
    giveAnswer(exchange, own);
    trail?.answeredHere(own.status);
    trail?.over();
    return turnedAway;
  }

  function turnAway(exchange: Exchange, { error, fields, route }: Refused): ExchangeHandler {
    const service = route?.service;
    recorder.refused(service, error.code, sourceOf(exchange.peer));
    log.debug({ err: error, service, peer: exchange.peer }, 'request refused');
    const trail = observer?.begin(exchange, service);
    refuse(exchange, error, 'no', fields);
    trail?.turnedAway(error);
    trail?.over();
    return turnedAway;
  }

  function endHere(exchange: Exchange, { service }: Route): ExchangeHandler {
    const trail = observer?.begin(exchange, service);
    const status = answerHere(exchange);
    trail?.answeredHere(status);
    trail?.over();
    return turnedAway;
  }

  function at(entrance: Entrance): ExchangeTaker {
    let chain = chainFor(entrance, rules);
    let madeOf = revision;
    return {
      take(exchange) {
        if (madeOf !== revision) {
          chain = chainFor(entrance, rules);
          madeOf = revision;
        }
        return take(exchange, chain);
      },
    };
  }

  return {
    federation,
    limits,
    headLimits,
    proxies: options.proxies ?? noProxies,
    recorder,
    wheel,
    faults,
    at,
    unreadable(peer, protocol, why, isAnswered) {
      const { status, what } = why;
      const code = codeOf(why);
      recorder.refused(undefined, code, sourceOf(peer));
      log.debug({ code, reason: what, peer }, 'request unreadable');
      observer?.unreadable(peer, protocol, code, isAnswered ? status : undefined);
    },
    review(current) {
      for (const one of ground.open.all()) {
        const route = current(one.route.service);
        const error = route && isToEnd(one.exchange, route, authorizing);
        if (error !== undefined) one.cut(error);
      }
    },
    updateLimits(now) {
      Object.assign(limits, now);
      revision++;
      Object.assign(headLimits, http1Limits(now));
    },
    close: () => wheel.close(),
  };
}
