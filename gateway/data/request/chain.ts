/** Owns the way of a request's head through a listener: the steps that can apply there, in the order of `life`, and no others. */

import type { Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { FederationName } from '../../../core/names.ts';
import type { TimingWheel } from '../../../core/timing-wheel.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Fields } from '../message/message.ts';
import type { Recorder } from '../observe/record.ts';
import { type AuthenticateGround, gatewaysOnly, tokensVerified } from './authenticate.ts';
import { type AuthorizeGround, exportedOnly, policiesAllow } from './authorize.ts';
import { fault } from './fault.ts';
import { announcedBody, type ProxyLimits } from './limit.ts';
import { mirror } from './mirror.ts';
import { connectionField } from './normalize.ts';
import { type RateLimitGround, rateLimit } from './rate-limit.ts';
import { noConnect, overload } from './receive.ts';
import { byRule } from './route/by-rule.ts';
import { certificateHosts } from './route/certificate-hosts.ts';
import type { Route, RouteLookup } from './route/route-table.ts';
import { byAuthority, byServiceField, noLoop } from './route.ts';
import { split } from './split.ts';
import { OwnAnswer, Refusal, type Said, type Step } from './step.ts';
import { stepsThere } from './steps-there.ts';

/** The kind of listener that requests come in by, and what the steps need to know of it. */
export type Entrance =
  | { readonly kind: 'outbound' }
  /** Whole connections: a TCP listener, and what an ingress passes on as it is. */
  | { readonly kind: 'tcp' }
  /** TLS of clients ends here. */
  | {
      readonly kind: 'ingress';
      readonly routes: RouteLookup;
      /** Names that the connection's certificate is for. */
      readonly hosts: readonly string[];
      /** Whether the TLS of a name does not end here. */
      isPassed(host: string): boolean;
      /** The host of requests that name none. */
      readonly defaultAuthority: string | undefined;
    }
  /** Other clusters' gateways. */
  | { readonly kind: 'east-west' };

export interface ChainRules {
  readonly routes: RouteLookup;
  readonly federation: FederationName;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  readonly limits: Pick<ProxyLimits, 'maxBodyBytes'>;
  readonly rates: RateLimitGround;
  readonly random: Random;
  readonly recorder: Pick<Recorder, 'decided'>;
  readonly wheel: Pick<TimingWheel, 'now' | 'set'>;
  /** Whether new requests are to be refused; absent: never. */
  readonly isOverloaded: (() => boolean) | undefined;
  /** Whether a service that is not known is none. */
  isInformed(): boolean;
  /** What policies are asked with who may. */
  readonly authorizing: AuthorizeGround;
  /** What tokens are verified with. */
  readonly authenticating: AuthenticateGround;
}

/** Why a request is not served; `route` where it was found. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: IsthmusError;
  /** Fields of its answer beside its own, name and value in turns. */
  readonly fields: Fields;
  readonly route: Route | undefined;
}

/** What a policy has the gateway answer itself; `route` where it was found. */
export interface Answered {
  readonly kind: 'answered';
  readonly answer: OwnAnswer;
  readonly route: Route | undefined;
}

/** The chain of a listener: made with it, and anew when limits change; requests only walk through it. */
export function chainFor(entrance: Entrance, rules: ChainRules): readonly Step[] {
  const shed = rules.isOverloaded && overload(rules.isOverloaded);
  return stepsFor(entrance, rules, shed).filter((step) => step !== undefined);
}

function stepsFor(
  entrance: Entrance,
  rules: ChainRules,
  shed: Step | undefined,
): readonly (Step | undefined)[] {
  const body = announcedBody(rules.limits.maxBodyBytes);
  const loop = noLoop(rules.pseudonym);
  const token = tokensVerified(rules.authenticating);
  const allowed = policiesAllow(rules.authorizing);
  const rate = rateLimit(rules.rates);
  const { routes: all } = rules;
  const rateByRule = rateLimit(rules.rates, (...name) => all.limitNamed?.(...name));
  // Where requests come into the federation Routes hold; what another gateway sends on has been through that.
  const ruled = byRule(rules.recorder);
  const onward = [
    fault(rules),
    mirror(rules.random),
    split(
      { ...rules, now: () => rules.authenticating.clock.now() },
      stepsThere(token, allowed, rate),
    ),
  ];
  switch (entrance.kind) {
    case 'outbound':
      return [
        shed,
        connectionField,
        byAuthority(rules),
        loop,
        ruled,
        token,
        allowed,
        rateByRule,
        body,
        ...onward,
      ];
    case 'tcp':
      return [shed, byAuthority(rules), token, allowed, rate];
    case 'ingress': {
      const { routes, hosts, isPassed, defaultAuthority } = entrance;
      const misdirected = certificateHosts(hosts, isPassed, defaultAuthority);
      const found = byAuthority({ ...rules, routes });
      return [
        shed,
        noConnect,
        connectionField,
        misdirected,
        found,
        loop,
        ruled,
        token,
        allowed,
        rateByRule,
        body,
        ...onward,
      ];
    }
    case 'east-west': {
      const found = byServiceField(rules.federation, rules);
      return [
        shed,
        connectionField,
        found,
        loop,
        gatewaysOnly,
        token,
        exportedOnly,
        allowed,
        rate,
        body,
      ];
    }
  }
}

/** Where a request's way through the steps has led. */
export type Walked = Route | Refused | Answered;

/**
 * Walks a request through, from the step at `from` on. Allocates nothing where it passes; a promise where a step holds the request.
 */
export function walk(
  chain: readonly Step[],
  exchange: Exchange,
  from = 0,
  found?: Route,
): Walked | Promise<Walked> {
  let route = found;
  for (let i = from; i < chain.length; i++) {
    const said = (chain[i] as Step).take(exchange, route);
    if (said === undefined) continue;
    if (said instanceof Promise) return walkOn(chain, exchange, i + 1, route, said);
    if (isEnd(said)) return endOf(said, route);
    route = said;
  }
  if (route === undefined) throw new Error('no step of the chain has found a route');
  return route;
}

async function walkOn(
  chain: readonly Step[],
  exchange: Exchange,
  from: number,
  route: Route | undefined,
  held: Promise<Said>,
): Promise<Walked> {
  const said = await held;
  if (said !== undefined && isEnd(said)) return endOf(said, route);
  return walk(chain, exchange, from, said ?? route);
}

type End = IsthmusError | Refusal | OwnAnswer;

function isEnd(said: Route | End): said is End {
  return said instanceof IsthmusError || said instanceof Refusal || said instanceof OwnAnswer;
}

function endOf(said: End, route: Route | undefined): Refused | Answered {
  if (said instanceof OwnAnswer) return { kind: 'answered', answer: said, route };
  if (said instanceof Refusal) return { kind: 'refused', ...said, route };
  return { kind: 'refused', error: said, fields: none, route };
}

const none: Fields = [];

export function isRoute(walked: Walked): walked is Route {
  return !('kind' in walked);
}
