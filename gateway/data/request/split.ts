/** Owns where a request goes by the rule that it fits: to an answer of the gateway's own, or to one of the rule's services, drawn by weight. */
import type { Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { askedName } from '../../../core/names.ts';
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { Exchange } from '../message/exchange.ts';
import { isLoop, viaId } from '../message/headers.ts';
import type { Passage } from '../message/passage.ts';
import type { Recorder } from '../observe/record.ts';
import { drawn, isAsked } from './mirror.ts';
import { broughtIn } from './pick/affinity.ts';
import { newSession, noBackend, sessionIn } from './pick/session.ts';
import { changeBy } from './route/by-rule.ts';
import { atAskedPort } from './route/ports.ts';
import type { Route, RouteLookup } from './route/route-table.ts';
import type { Backend, Rule } from './route/rule.ts';
import type { Fit } from './route/rule-set.ts';
import { redirected } from './split/redirect.ts';
import { OwnAnswer, type Said, type Step } from './step.ts';
import { type StepsThere, saidBy } from './steps-there.ts';

interface SplitGround {
  readonly routes: RouteLookup;
  readonly random: Random;
  readonly recorder: Pick<Recorder, 'decided'>;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  isInformed(): boolean;
  /** Wall milliseconds. */
  now(): number;
}

/** `others`: what services other than the one that was asked for have for its requests, and what its own other ports have. */
export function split(ground: SplitGround, others: StepsThere): Step {
  return {
    slot: 'split',
    take(exchange, route) {
      const { passage } = exchange;
      const fit = passage?.fit;
      if (passage === undefined || fit === undefined || route === undefined) return undefined;
      return taken(ground, others, { exchange, passage, fit, route });
    },
  };
}

interface Fitted {
  readonly exchange: Exchange;
  readonly passage: Passage;
  readonly fit: Fit;
  /** The route that was asked for. */
  readonly route: Route;
}

function taken(ground: SplitGround, others: StepsThere, fitted: Fitted): Said | Promise<Said> {
  const { exchange, fit, route } = fitted;
  const { rule } = fit;
  const { recorder } = ground;
  const own = answerOf(exchange, rule, fit);
  if (own !== undefined) {
    recorder.decided(rule.policy, rule.direct ? 'answered' : 'redirected');
    return own;
  }
  const backend = boundBackend(ground, fitted) ?? drawnBackend(rule, ground.random);
  if (backend === undefined) {
    // A rule without backends only changes what goes to the service that was asked for.
    return rule.backends === undefined && !route.isHost
      ? ruled(route, rule)
      : leadsNowhere(ground, rule, 'no backend with a weight');
  }
  const target = atAskedPort(backend.target, route.port);
  const chosen = ground.routes.backend?.(target);
  if (chosen === undefined) return leadsNowhere(ground, rule, nameOf(target));
  const isSame = isAsked(target, route);
  if (isSame && chosen.port === route.port) return led(ground, fitted, backend, chosen);
  const said = isSame
    ? saidBy(others.ofSame, exchange, chosen)
    : saidThere(ground, others.ofService, exchange, chosen);
  if (said instanceof Promise) {
    return said.then((held) => held ?? led(ground, fitted, backend, chosen));
  }
  return said ?? led(ground, fitted, backend, chosen);
}

/** A port by its number is told by the name of its service. */
function nameOf({ service, port }: BackendTarget): string {
  return typeof port === 'string' ? askedName({ service, port }) : service;
}

/** Nothing is said against its going to the backend. */
function led(
  { recorder, random, now }: SplitGround,
  { exchange, fit, passage, route }: Fitted,
  backend: Backend,
  chosen: Route,
): Route | OwnAnswer | IsthmusError {
  const { rule } = fit;
  if (rule.session !== undefined) passage.session ??= newSession(backend.mark, now());
  if (rule.isDrawn) recorder.decided(rule.policy, backend.outcome);
  const answered =
    answerOf(exchange, backend, fit) ?? changeBy(exchange, passage, backend, fit.prefix);
  if (answered !== undefined) return answered;
  if (backend.mirrors.length > 0 && exchange.head.tunnel === undefined) {
    const mirrors = { policy: rule.policy, mirrors: backend.mirrors };
    const more = drawn(mirrors, passage, route, random);
    passage.mirrors = [...passage.mirrors, ...more];
  }
  return ruled(chosen, rule);
}

function answerOf(
  { head, passage }: Exchange,
  { direct, redirect }: Pick<Partial<Rule>, 'direct' | 'redirect'>,
  { prefix }: Fit,
): OwnAnswer | undefined {
  if (redirect !== undefined) return redirected(head, redirect, prefix);
  if (direct === undefined || passage === undefined) return undefined;
  const { status, body, contentType } = direct;
  const type = body === '' ? [] : ['content-type', contentType];
  return new OwnAnswer(status, type, Buffer.from(body));
}

/**
 * The backend that the request's session is with, whatever its weight is by now (GEP-1619); undefined where it has no session, or with none of
 * the rule's. A session that begins is noted as such.
 */
function boundBackend(
  { now }: SplitGround,
  { exchange, passage, fit: { rule } }: Fitted,
): Backend | undefined {
  const { session: affinity, backends } = rule;
  if (affinity?.session === undefined) return undefined;
  const brought = sessionIn(broughtIn(exchange, affinity), affinity.session, now());
  const backend = backends?.find(({ mark }) => mark === brought?.backend);
  const isKnown = backends === undefined ? brought?.backend === noBackend : backend !== undefined;
  passage.session = isKnown ? brought : undefined;
  return backend;
}

function drawnBackend({ backends, totalWeight }: Rule, random: Random): Backend | undefined {
  if (backends === undefined || totalWeight === 0) return undefined;
  if (backends.length === 1) return backends[0];
  let left = random() * totalWeight;
  for (const backend of backends) {
    left -= backend.weight;
    if (left < 0) return backend;
  }
  return backends.findLast(({ weight }) => weight > 0);
}

function leadsNowhere(
  { recorder, isInformed }: SplitGround,
  { policy }: Rule,
  what: string,
): IsthmusError {
  if (!isInformed()) {
    return new IsthmusError('NOT_READY', {
      what: `Whether there is ${what} is not known here yet`,
    });
  }
  recorder.decided(policy, 'no-backend');
  return new IsthmusError('BACKEND_NOT_FOUND', {
    what: `${policy} leads to ${what}, which nobody has`,
  });
}

function saidThere(
  { pseudonym }: SplitGround,
  ofBackend: readonly Step[],
  exchange: Exchange,
  chosen: Route,
): Said | Promise<Said> {
  if (isLoop(exchange.head.fields.allById(viaId), pseudonym, chosen.service)) {
    return new IsthmusError('LOOP_REFUSED', { what: `The request has passed ${pseudonym} before` });
  }
  return saidBy(ofBackend, exchange, chosen);
}

/** Routes as rules with time limits or retries of their own have them. */
const made = new WeakMap<Rule, WeakMap<Route, Route>>();

function ruled(route: Route, rule: Rule): Route {
  const policy = rule.traffic(route.policy);
  if (policy === route.policy) return route;
  const known = made.getOrInsertComputed(rule, () => new WeakMap<Route, Route>());
  return known.getOrInsertComputed(route, () => ({ ...route, policy }));
}
