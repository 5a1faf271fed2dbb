/** Owns who asks: of those that come to the east-west listener gateways, and of all others whom their tokens name. */
import { hash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Exchange } from '../message/exchange.ts';
import { Passage } from '../message/passage.ts';
import type { VerifiedToken } from '../message/verified-token.ts';
import type { Recorder } from '../observe/record.ts';
import { type Authentications, editsFor, type KnownToken } from './authenticate/authentications.ts';
import type { KeyRings } from './authenticate/key-rings.ts';
import { type FoundToken, tokenIn } from './authenticate/tokens.ts';
import { type Verified, verify } from './authenticate/verify.ts';
import { Facts, type Place } from './authorize/facts.ts';
import type { Route } from './route/route-table.ts';
import { Refusal, type Said, type Step } from './step.ts';

export const gatewaysOnly: Step = {
  slot: 'authenticate',
  take: ({ peer }) =>
    peer.kind === 'gateway'
      ? undefined
      : new IsthmusError('PEER_REFUSED', {
          what: `${peer.kind === 'stranger' ? peer.id : peer.address} is not a gateway`,
        }),
};

export interface AuthenticateGround {
  readonly place: Place;
  readonly clock: Pick<Clock, 'now'>;
  readonly rings: KeyRings;
  readonly recorder: Pick<Recorder, 'decided'>;
}

/** Verifies the tokens that policies of the route's service take; one that was verified before is known at once. */
export function tokensVerified(ground: AuthenticateGround): Step {
  return {
    slot: 'authenticate',
    take(exchange, route) {
      const rules = route?.governed?.authentication;
      if (rules === undefined || route === undefined) {
        // One that the service which was asked for takes says nothing to the one that a Route leads to.
        if (exchange.passage?.token !== undefined) exchange.passage.token = undefined;
        return undefined;
      }
      return authenticate(exchange, route, rules, ground);
    },
  };
}

type Asked = Pick<Route, 'service' | 'port'>;

function authenticate(
  exchange: Exchange,
  route: Asked,
  rules: Authentications,
  ground: AuthenticateGround,
): Said | Promise<Said> {
  const { service } = route;
  if (exchange.passage?.token !== undefined) exchange.passage.token = undefined;
  const found = tokenIn(exchange.head, rules.places);
  if (found === undefined) return withoutToken(exchange, route, rules, ground);
  if (found === 'several') return invalid(service, rules, ground, 'the request has several');
  const now = ground.clock.now();
  const digest = hash('sha256', found.text, 'base64') + found.at;
  rules.known.follow(ground.rings.revision);
  const known = rules.known.get(digest);
  if (known !== undefined && known.from <= now && now <= known.until) {
    take(exchange, known);
    return undefined;
  }
  return verifyFirst(exchange, service, rules, found, digest, ground);
}

async function verifyFirst(
  exchange: Exchange,
  service: string,
  rules: Authentications,
  found: FoundToken,
  digest: string,
  ground: AuthenticateGround,
): Promise<Said> {
  const { rings, clock } = ground;
  const { revision } = rings;
  const ready = (rules.rulesAt[found.at] ?? []).map((rule) => ({
    rule,
    keys: () => rings.keysOf(rule.keys),
  }));
  const verified = await verify(found.text, ready, clock.now());
  if (verified.kind === 'no-keys') {
    const what = `The keys of ${verified.issuer} can't be had, to verify a token for ${service}`;
    return new IsthmusError('KEYS_UNAVAILABLE', { what });
  }
  if (verified.kind === 'invalid') return invalid(service, rules, ground, verified.why);
  const known = knownOf(rules, found, verified);
  // Else it was verified by keys that are no more.
  if (revision === rings.revision) rules.known.set(digest, known);
  take(exchange, known);
  return undefined;
}

function knownOf(
  rules: Authentications,
  { at }: FoundToken,
  { rule, claims, from, until }: Extract<Verified, { kind: 'verified' }>,
): KnownToken {
  const { iss, sub } = claims;
  const principal = typeof sub === 'string' && sub !== '' ? `${iss}/${sub}` : undefined;
  const token: VerifiedToken = { principal, claims };
  return {
    ...{ token, from, until },
    edits: editsFor(rules, rule, token),
    place: rule.forwardOriginalToken ? undefined : rules.places[at],
  };
}

function take(exchange: Exchange, { token, edits, place }: KnownToken): void {
  exchange.passage ??= new Passage();
  exchange.passage.token = token;
  exchange.passage.tokenPlace = place;
  if (edits !== undefined) exchange.passage.editRequest(edits);
}

function withoutToken(
  exchange: Exchange,
  { service, port }: Asked,
  { requiredBy, requiredAt, withoutClaims }: Authentications,
  { place, recorder }: AuthenticateGround,
): Said {
  const by =
    requiredBy.length > 0 || requiredAt.length === 0
      ? requiredBy
      : askedAt(requiredAt, new Facts(exchange, place, port));
  if (by.length > 0) {
    count(by, 'token-missing', recorder);
    const error = new IsthmusError('JWT_MISSING', { what: `${service} asks for a token` });
    return new Refusal(error, ['www-authenticate', challenge(service)]);
  }
  if (withoutClaims !== undefined) {
    exchange.passage ??= new Passage();
    exchange.passage.editRequest(withoutClaims);
  }
  return undefined;
}

/** The policies that require a token just there. Of a connection the path is not known: it is among those that a path is said of. */
function askedAt(rules: Authentications['requiredAt'], facts: Facts): readonly string[] {
  return rules.flatMap(({ policy, test }) => (facts.isTcp || test(facts) ? [policy] : []));
}

function count(
  policies: readonly string[],
  outcome: 'token-missing' | 'token-invalid',
  recorder: AuthenticateGround['recorder'],
): void {
  for (const policy of policies) recorder.decided(policy, outcome);
}

/** RFC 6750 section 3. */
function challenge(service: string): string {
  return `Bearer realm="${service}"`;
}

function invalid(
  service: string,
  { policies }: Authentications,
  { recorder }: AuthenticateGround,
  why: string,
): Refusal {
  count(policies, 'token-invalid', recorder);
  const error = new IsthmusError('JWT_INVALID', {
    what: `The token is not taken by ${service}: ${why}`,
  });
  const said = `${challenge(service)}, error="invalid_token", error_description="${why}"`;
  return new Refusal(error, ['www-authenticate', said]);
}
