/** Owns the copies of requests on their way: each is a request of its own, whose answer nobody reads. */
import { IsthmusError } from '../../../../core/errors.ts';
import { defaultHedge } from '../../../../policy/traffic/hedge.ts';
import type { TrafficPolicy } from '../../../../policy/traffic-policy.ts';
import type { Exchange, ExchangeHandler } from '../../message/exchange.ts';
import type { Fields } from '../../message/message.ts';
import type { Mirrored } from '../../message/passage.ts';
import type { ForwardingGround } from '../forward/ground.ts';
import { Forwarding } from '../forward.ts';
import type { Route, RouteLookup } from '../route/route-table.ts';
import { Refusal, type Said } from '../step.ts';
import { type StepsThere, saidBy } from '../steps-there.ts';
import { CopiedExchange, Mirroring } from './mirroring.ts';

/** Most copies of a worker that are on their way at a time: a service that takes them slowly costs so much memory, and no more. */
const mostAtOnce = 256;

export class Copies {
  readonly #ground: ForwardingGround;
  readonly #routes: RouteLookup;
  readonly #there: StepsThere;
  #underWay = 0;

  /** `there`: whether the policies of a service let it have a copy. */
  constructor(ground: ForwardingGround, routes: RouteLookup, there: StepsThere) {
    this.#there = there;
    this.#ground = ground;
    this.#routes = routes;
  }

  /** Who is told of the request in place of `handler`, and tells that all of it. */
  of(exchange: Exchange, mirrors: readonly Mirrored[], handler: ExchangeHandler): ExchangeHandler {
    const { recorder } = this.#ground;
    const send = (body: readonly Buffer[], trailers: Fields) => {
      for (const mirrored of mirrors) this.#send(exchange, mirrored, body, trailers);
    };
    if (exchange.head.bodyLength === 'none') {
      // The request itself goes first.
      setImmediate(send, [], []);
      return handler;
    }
    return new Mirroring(handler, send, (why) => {
      for (const { policy } of mirrors) recorder.decided(policy, `mirror-${why}`);
    });
  }

  #send(exchange: Exchange, mirrored: Mirrored, body: readonly Buffer[], trailers: Fields): void {
    const { recorder } = this.#ground;
    const { policy, target, isSame } = mirrored;
    const route = this.#routes.backend?.(target);
    if (route === undefined) recorder.decided(policy, 'mirror-no-backend');
    else if (this.#underWay >= mostAtOnce) recorder.decided(policy, 'mirror-too-many');
    else {
      const copy = new CopiedExchange(exchange, mirrored, body, trailers, () => this.#underWay--);
      this.#underWay++;
      try {
        const said = saidBy(isSame ? this.#there.ofSame : this.#there.ofService, copy, route);
        if (said instanceof Promise) {
          said
            .then((held) => this.#goOn(copy, policy, route, held))
            .catch((err) => this.#fail(copy, err));
        } else this.#goOn(copy, policy, route, said);
      } catch (err) {
        this.#fail(copy, err);
      }
    }
  }

  #goOn(copy: CopiedExchange, policy: string, route: Route, said: Said): void {
    const { recorder, wheel } = this.#ground;
    if (said !== undefined) {
      recorder.decided(policy, refusedAs(said));
      copy.destroy();
      return;
    }
    recorder.inFlight++;
    recorder.decided(policy, 'mirrored');
    const forwarding = new Forwarding(copy, once(route), this.#ground);
    copy.handler = forwarding;
    forwarding.start(wheel.refresh());
  }

  #fail(copy: CopiedExchange, err: unknown): void {
    this.#ground.log.error({ err }, 'a copy of a request failed inside the gateway');
    copy.destroy();
  }
}

/** As what it is counted that the policies of a copy's service would refuse it. */
function refusedAs(said: NonNullable<Said>): string {
  const error = said instanceof Refusal ? said.error : said;
  switch (error instanceof IsthmusError ? error.code : undefined) {
    case 'RATE_LIMITED':
      return 'mirror-limited';
    case 'ACCESS_DENIED':
      return 'mirror-denied';
    default:
      return 'mirror-unauthenticated';
  }
}

/** A copy goes to one endpoint, or none. */
function once(route: Route): Route {
  return tried.getOrInsertComputed(route, () => ({
    ...route,
    policy: withoutRetries(route.policy),
  }));
}

const tried = new WeakMap<Route, Route>();

function withoutRetries({ balance, timeouts }: TrafficPolicy): TrafficPolicy {
  const retry = { ...balance.retry, maxTries: 1 };
  return { balance: { ...balance, retry, hedge: defaultHedge }, timeouts };
}
