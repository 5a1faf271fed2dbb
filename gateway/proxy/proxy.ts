/** Owns the life of a request: admitted, tried, answered, recorded. */
import { randomUUID } from 'node:crypto';
import type { Clock, Random } from '../../core/clock.ts';
import type { IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName, ServiceName } from '../../core/names.ts';
import type { Target, TryResult } from '../balance/types.ts';
import { admit } from './admit.ts';
import { Deadline } from './deadline.ts';
import type { Exchange, SendResult } from './exchange.ts';
import type { ClusterTransport, EndpointTransport } from './forward.ts';
import {
  clusterField,
  endpointField,
  requestFields,
  responseFields,
  trailerFields,
} from './headers.ts';
import { bodyTooLarge, defaultLimits, type ProxyLimits } from './limit.ts';
import { fieldOf, type Response } from './message.ts';
import { Picks } from './pick.ts';
import { Recorder } from './record.ts';
import { refuse } from './refuse.ts';
import { ReplayBody } from './replay.ts';
import type { Route, RouteLookup } from './route.ts';
import { attempt, type Conclusion } from './tries.ts';

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
  /** Whether new requests are to be refused; default never. Asked for each. */
  readonly isOverloaded?: (() => boolean) | undefined;
}

export interface GatewayProxy {
  readonly federation: FederationName;
  readonly limits: ProxyLimits;
  readonly recorder: Recorder;
  /** Serves one request to its end. Never rejects. */
  handle(exchange: Exchange): Promise<void>;
}

export function createProxy(options: ProxyOptions): GatewayProxy {
  const { clock, log } = options;
  const limits: ProxyLimits = { ...defaultLimits, ...options.limits };
  const pseudonym = `${options.gatewayId}.${options.cluster}`;
  const rules = {
    routes: options.routes,
    pseudonym,
    maxBodyBytes: limits.maxBodyBytes,
    isOverloaded: options.isOverloaded ?? (() => false),
  };
  const expose = options.exposeDecision ?? true;
  const recorder = options.recorder ?? new Recorder();

  async function serve(exchange: Exchange): Promise<void> {
    const admission = admit(exchange, rules);
    if (admission.kind === 'refused') {
      await turnAway(exchange, admission.error, 'no', admission.route?.service);
      return;
    }
    const { route } = admission;
    const started = clock.monotonic();
    const deadline = new Deadline(clock);
    onAbort(exchange.signal, () => deadline.raise('client-gone'));
    exchange.onIdle(route.timeouts.idleMs, () => deadline.raise('out-of-time'));
    const body = bodyOf(exchange, route, deadline);
    const head = {
      ...exchange.head,
      fields: requestFields(exchange.head, exchange.peer, pseudonym, route.service, randomUUID),
    };
    const conclusion = await attempt(
      {
        route,
        head,
        picks: new Picks(route, exchange),
        deadline,
        openBody: body && (() => body.open()),
        replayable: () => body?.replayable ?? true,
        onRetry: (reason) => recorder.retried(route.service, reason),
      },
      options,
    );
    deadline.settle();
    if (body?.state === 'too-large' && conclusion.kind === 'failed') {
      await turnAway(exchange, bodyTooLarge(limits.maxBodyBytes), 'maybe', route.service);
    } else {
      await conclude(exchange, route, conclusion, clock.monotonic() - started);
    }
    body?.discard();
  }

  /** The client's body, if any; the request's time runs from its end. */
  function bodyOf(exchange: Exchange, route: Route, deadline: Deadline): ReplayBody | undefined {
    const start = () => deadline.start(route.timeouts.requestMs);
    if (exchange.body) return new ReplayBody(exchange.body, limits.maxBodyBytes, start);
    start();
    return undefined;
  }

  async function conclude(
    exchange: Exchange,
    route: Route,
    conclusion: Conclusion,
    elapsedMs: number,
  ): Promise<void> {
    if (conclusion.kind === 'client-gone') {
      recorder.refused(route.service, 'CLIENT_GONE');
    } else if (conclusion.kind === 'failed') {
      await turnAway(exchange, conclusion.error, conclusion.sent, route.service);
    } else {
      const { response, target, finish } = conclusion;
      const cluster = target.kind === 'cluster' ? target.cluster : options.cluster;
      recorder.served(route.service, cluster, target.tier, response.status, elapsedMs);
      const sent = await answer(exchange, response, target);
      finish(resultOf(response, sent));
      if (sent === 'client-gone') recorder.refused(route.service, 'CLIENT_GONE');
      if (sent === 'upstream-broke') recorder.refused(route.service, 'RESPONSE_BROKEN');
    }
  }

  function answer(exchange: Exchange, response: Response, target: Target): Promise<SendResult> {
    const fields = responseFields(response.fields, '1.1', pseudonym);
    // The asking gateway needs to know whatever its client may; it decides what to show.
    if (expose || exchange.peer.kind === 'gateway') {
      const cluster = target.kind === 'cluster' ? target.cluster : options.cluster;
      const endpoint =
        target.kind === 'endpoint' ? target.endpoint.id : fieldOf(response.fields, endpointField);
      fields.push(clusterField, cluster);
      if (endpoint !== undefined) fields.push(endpointField, endpoint);
    }
    const { body } = response;
    const trailers = () => trailerFields(response.trailers());
    return exchange.respond({ status: response.status, fields }, { body, trailers });
  }

  async function turnAway(
    exchange: Exchange,
    error: IsthmusError,
    sent: 'no' | 'maybe',
    service: ServiceName | undefined,
  ): Promise<void> {
    recorder.refused(service, error.code);
    log.debug({ err: error, service, peer: exchange.peer }, 'request refused');
    await refuse(exchange, error, sent);
  }

  return {
    federation: options.federation,
    limits,
    recorder,
    async handle(exchange) {
      recorder.inFlight++;
      try {
        await serve(exchange);
      } catch (thrown) {
        recorder.refused(undefined, 'INTERNAL');
        log.error({ err: thrown }, 'request failed inside the gateway');
        exchange.destroy();
      } finally {
        recorder.inFlight--;
      }
    },
  };
}

/** What the balancer learns: a body that broke is a failure, and so are the statuses that say "cannot serve". */
function resultOf(response: Response, sent: SendResult): TryResult {
  if (sent === 'client-gone') return 'abandoned';
  if (sent === 'upstream-broke') return 'failed';
  return response.status >= 502 && response.status <= 504 ? 'failed' : 'ok';
}

function onAbort(signal: AbortSignal, run: () => void): void {
  if (signal.aborted) run();
  else signal.addEventListener('abort', run, { once: true });
}
