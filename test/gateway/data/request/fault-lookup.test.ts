/** Specifies which tries a fault strikes, where, and how hard. */
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import {
  type Attempt,
  type Fault,
  type FaultAct,
  type FaultMatch,
  type FaultRule,
  faultLookup,
} from '../../../../gateway/data/fault/faults.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const orders = parseServiceName('orders.shop');
const cart = parseServiceName('cart.shop');
const hole: FaultAct = { kind: 'black-hole' };

function rule(match: FaultMatch, act: FaultAct = hole, share = 1): FaultRule {
  return { match, act, share };
}

/** A try by a client of dc1, to an endpoint of its own in zone a. */
function attempt(rest: Partial<Attempt> = {}): Attempt {
  return { service: orders, cluster: dc1, zone: 'a', entered: true, ...rest };
}

function struck(rules: readonly FaultRule[], tried: Attempt, random = 0, self = dc1): Fault {
  return faultLookup(rules, self)?.of(tried, random) ?? { kind: 'none' };
}

const away = { cluster: dc2, zone: undefined };

test('a fault strikes what fits all that it names', (t) => {
  const table: readonly (readonly [FaultMatch, Partial<Attempt>, boolean])[] = [
    [{}, {}, true],
    [{ service: orders }, {}, true],
    [{ service: cart }, {}, false],
    [{ cluster: dc1 }, {}, true],
    [{ cluster: dc1 }, away, false],
    [{ cluster: dc2 }, away, true],
    [{ service: orders, cluster: dc2 }, { ...away, service: cart }, false],
    [{ from: dc1, cluster: dc2 }, away, true],
    [{ from: dc2, cluster: dc1 }, {}, false],
    [{ cluster: dc1, zone: 'a' }, {}, true],
    [{ cluster: dc1, zone: 'b' }, {}, false],
  ];
  for (const [match, tried, strikes] of table) {
    const { kind } = struck([rule(match)], attempt(tried));
    t.is(kind, strikes ? 'black-hole' : 'none', JSON.stringify([match, tried]));
  }
});

test('a request is struck once: where it entered, and by the fault of a zone where its endpoint is', (t) => {
  const sentOn = attempt({ entered: false });
  t.is(struck([rule({ cluster: dc1 })], sentOn).kind, 'none');
  t.is(struck([rule({ service: orders })], sentOn).kind, 'none');
  t.is(struck([rule({ cluster: dc1, zone: 'a' })], sentOn).kind, 'black-hole');
  // The gateway that sends it on does not know the zone, and leaves it to the other.
  t.is(struck([rule({ cluster: dc2, zone: 'a' })], attempt(away)).kind, 'none');
});

test('a ramp strikes a share of the tries; the rest of the number decides what follows', (t) => {
  const half = [rule({}, { kind: 'abort', status: 503, share: 0.5 }, 0.5)];
  const table = [
    [0, 'abort'],
    [0.24, 'abort'],
    [0.25, 'none'],
    [0.49, 'none'],
    [0.5, 'none'],
    [0.99, 'none'],
  ] as const;
  for (const [random, kind] of table) t.is(struck(half, attempt(), random).kind, kind, `${random}`);
});

test('a delay varies by its jitter, evenly, and is never below nothing', (t) => {
  const slow = (delayMs: number, jitterMs: number) => [
    rule({}, { kind: 'delay', delayMs, jitterMs }),
  ];
  const table = [
    [200, 50, 0, 150],
    [200, 50, 0.5, 200],
    [200, 50, 0.75, 225],
    [200, 0, 0.9, 200],
    [20, 50, 0, 0],
  ] as const;
  for (const [delayMs, jitterMs, random, ms] of table) {
    t.deepEqual(struck(slow(delayMs, jitterMs), attempt(), random), { kind: 'delay', ms });
  }
});

test('the first fault that fits decides, also that nothing happens', (t) => {
  const rules = [
    rule({ service: orders }, { kind: 'abort', status: 500, share: 1 }, 0.5),
    rule({}),
  ];
  t.deepEqual(struck(rules, attempt(), 0), { kind: 'abort', status: 500 });
  t.is(struck(rules, attempt(), 0.7).kind, 'none');
  t.is(struck(rules, attempt({ service: cart }), 0.7).kind, 'black-hole');
});

test('where nothing can ever strike there is nothing to ask', (t) => {
  t.is(faultLookup([], dc1), undefined);
  t.is(faultLookup([rule({}, hole, 0)], dc1), undefined);
  t.is(faultLookup([rule({ from: dc2, cluster: dc1 })], dc1), undefined);
});

test('links look dead only where a black hole swallows everything that goes to a cluster', (t) => {
  const table: readonly (readonly [FaultRule, boolean])[] = [
    [rule({ cluster: dc2 }), true],
    [rule({ from: dc1, cluster: dc2 }), true],
    [rule({ cluster: dc2 }, hole, 0.9), false],
    [rule({ cluster: dc2, service: orders }), false],
    [rule({ cluster: dc2, zone: 'a' }), false],
    [rule({ cluster: dc2 }, { kind: 'delay', delayMs: 1, jitterMs: 0 }), false],
    [rule({}), false],
  ];
  for (const [one, cut] of table) {
    t.is(faultLookup([one], dc1)?.isCut(dc2) ?? false, cut, JSON.stringify(one));
  }
  // A cluster's links to others are up while it is swallowed itself: nobody has a link to itself.
  t.is(faultLookup([rule({ cluster: dc1 })], dc1)?.isCut(dc1), false);
});
