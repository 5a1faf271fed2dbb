/** Specifies when a target that fails is ejected, for what, and when it is back. */

import test from 'ava';
import {
  afterCheck,
  afterRecovery,
  afterTime,
  afterTry,
  judgedAs,
  mayEjectOneMore,
  type OutlierState,
  trusted,
} from '../../../../gateway/data/balance/outlier.ts';
import type { TryResult } from '../../../../gateway/data/balance/types.ts';
import { defaultOutlier, type OutlierPolicy } from '../../../../policy/traffic/outlier.ts';

const policy = defaultOutlier;

interface Circumstances {
  readonly from?: OutlierState;
  readonly now?: number;
  readonly mayEject?: boolean;
  readonly copies?: number;
  readonly policy?: Partial<OutlierPolicy>;
}

function after(
  results: readonly TryResult[],
  { from = trusted, now = 0, mayEject = true, copies = 1, policy: own }: Circumstances = {},
): OutlierState {
  return results.reduce(
    (state, result) => afterTry(state, result, now, { ...policy, ...own }, mayEject, copies),
    from,
  );
}

function causeOf(state: OutlierState): string | undefined {
  return state.kind === 'ejected' ? state.cause : undefined;
}

const ejected: OutlierState = {
  kind: 'ejected',
  until: 30_000,
  multiplier: 1,
  cause: 'consecutiveGatewayFailure',
};
const many = (result: TryResult, times: number) => Array<TryResult>(times).fill(result);

test('three failures in a row eject, whether they arrived or not', (t) => {
  t.deepEqual(after(['failed', 'unsent', 'failed']), ejected);
  t.deepEqual(after(['failed', 'gateway-error', 'failed']), ejected);
  t.is(after(['failed', 'failed']).kind, 'trusted');
});

test('five answers of 5xx in a row eject, and the cause says so', (t) => {
  t.is(after(many('server-error', 4)).kind, 'trusted');
  t.is(causeOf(after(many('server-error', 5))), 'consecutive5xx');
});

// As Envoy counts: `putHttpResponseCode` of its outlier detector.
for (const [why, results, cause] of [
  [
    'gateway failures are 5xx, too',
    ['server-error', 'failed', 'gateway-error', 'server-error', 'unsent'],
    'consecutive5xx',
  ],
  [
    'another 5xx ends a row of gateway failures',
    ['failed', 'failed', 'server-error', 'failed', 'failed'],
    'consecutive5xx',
  ],
  ['502 to 504 are as bad as no answer', many('gateway-error', 3), 'consecutiveGatewayFailure'],
  [
    'where both limits are reached, what says more',
    [...many('server-error', 2), ...many('failed', 3)],
    'consecutiveGatewayFailure',
  ],
  ['what speaks another protocol is ejected for that', many('other-protocol', 3), 'otherProtocol'],
] as const) {
  test(why, (t) => {
    t.is(after(results.slice(0, -1)).kind, 'trusted');
    t.is(causeOf(after(results)), cause);
  });
}

test('each limit is one of its own, and 0 is none', (t) => {
  t.is(causeOf(after(['server-error'], { policy: { consecutive5xx: 1 } })), 'consecutive5xx');
  t.is(after(many('server-error', 100), { policy: { consecutive5xx: 0 } }).kind, 'trusted');
  t.is(
    causeOf(after(many('gateway-error', 5), { policy: { consecutiveGatewayFailure: 0 } })),
    'consecutive5xx',
  );
});

test('split, what brought no answer is counted apart from answers', (t) => {
  const split = { policy: { splitExternalLocalOriginErrors: true } };
  const mixed: TryResult[] = ['failed', 'failed', 'gateway-error', 'gateway-error'];
  t.is(after([...mixed, 'failed', 'failed', 'failed', 'failed'], split).kind, 'trusted');
  t.is(causeOf(after([...mixed, 'gateway-error'], split)), 'consecutiveGatewayFailure');
  t.is(causeOf(after(many('unsent', 5), split)), 'consecutiveLocalOriginFailure');
});

test('a success in between starts the count anew; a client that went away says nothing', (t) => {
  t.is(after(['failed', 'failed', 'ok', 'failed', 'failed']).kind, 'trusted');
  t.is(after([...many('server-error', 4), 'ok', ...many('server-error', 4)]).kind, 'trusted');
  t.deepEqual(after(['failed', 'abandoned', 'failed', 'abandoned', 'failed']), ejected);
});

test('results that arrive while ejected change nothing', (t) => {
  t.is(after(['ok', 'failed'], { from: ejected, now: 100 }), ejected);
});

test('when the ejection is over the target is on probation, not before', (t) => {
  t.is(afterTime(ejected, 29_999), ejected);
  t.like(afterTime(ejected, 30_000), { kind: 'probation' });
});

test('a check that passes again ends an ejection, but the target is on probation', (t) => {
  t.like(afterRecovery(ejected, 100), { kind: 'probation' });
  t.is(afterRecovery(trusted, 100), trusted);
});

for (const result of ['failed', 'gateway-error', 'server-error'] as const) {
  test(`on probation one success clears, one ${result} ejects for twice as long`, (t) => {
    const from = afterTime(ejected, 30_000);
    t.is(after(['ok'], { from }).kind, 'trusted');
    const now = 39_999;
    t.like(after([result], { from, now }), { until: now + 60_000, multiplier: 2 });
  });
}

test('what answers of a cluster say is as much as one of its copies says: all of them have to', (t) => {
  const of = (results: readonly TryResult[]) => after(results, { copies: 3 });
  t.is(of(many('server-error', 14)).kind, 'trusted');
  t.is(causeOf(of(many('server-error', 15))), 'consecutive5xx');
  t.is(of(many('gateway-error', 8)).kind, 'trusted');
  t.is(causeOf(of(many('gateway-error', 9))), 'consecutiveGatewayFailure');
  t.is(of([...many('server-error', 14), 'ok', ...many('server-error', 14)]).kind, 'trusted');
});

test('a cluster that gives no answer is ejected as fast as an endpoint', (t) => {
  t.is(causeOf(after(many('failed', 3), { copies: 3 })), 'consecutiveGatewayFailure');
});

test('on probation, too, it takes all copies of a cluster', (t) => {
  const from = afterTime(ejected, 30_000);
  t.is(after(many('server-error', 2), { from, copies: 3 }).kind, 'probation');
  t.is(after(many('server-error', 3), { from, copies: 3 }).kind, 'ejected');
});

/** The multiplier of a target that came back at 0 with `multiplier`, and is ejected at `now`; it was `good` since, or not. */
function multiplierOf(multiplier: number, now: number, good: boolean): number {
  const until = 0;
  const back = afterTime({ kind: 'ejected', until, multiplier, cause: 'consecutive5xx' }, until);
  const from = good ? after(['ok'], { from: back }) : back;
  const state = after(many('failed', 3), { from, now });
  return state.kind === 'ejected' ? state.multiplier : 0;
}

for (const [multiplier, now, next] of [
  [1, 0, 2],
  [1, 9_999, 2],
  [1, 10_000, 1],
  [4, 20_000, 3],
  [4, 39_999, 2],
  [4, 1_000_000, 1],
  [10, 0, 10],
] as const) {
  test(`ejected ${now} ms after a ${multiplier}-fold ejection it is for ${next} times the base`, (t) => {
    t.is(multiplierOf(multiplier, now, true), next);
    t.is(multiplierOf(multiplier, now, false), next);
  });
}

test('an ejection lasts the base times the multiplier, up to the longest', (t) => {
  const untils = [0, 1, 2, 8, 9, 10].map((multiplier) => {
    const from = afterTime({ ...ejected, until: 0, multiplier }, 0);
    const state = after(['failed'], { from });
    return state.kind === 'ejected' ? state.until : 0;
  });
  t.deepEqual(untils, [30_000, 60_000, 90_000, 270_000, 300_000, 300_000]);
});

test('where the cap leaves no room, failures are counted and the next one with room ejects', (t) => {
  const waiting = after(many('failed', 4), { mayEject: false });
  t.is(waiting.kind, 'trusted');
  t.is(after(['failed'], { from: waiting }).kind, 'ejected');
});

for (const [ejectedNow, total, may] of [
  [0, 1, true],
  [1, 1, false],
  [0, 3, true],
  [1, 3, false],
  [1, 4, true],
  [2, 4, false],
  [49, 100, true],
  [50, 100, false],
] as const) {
  test(`with ${ejectedNow} of ${total} out, one more ${may ? 'may' : 'may not'} be ejected at 50 %`, (t) => {
    const counts = { ejected: ejectedNow, total, usable: total - ejectedNow };
    t.is(mayEjectOneMore(policy, counts, true), may);
  });
}

test('a cap of 0 % still lets one go', (t) => {
  const none = { ...policy, maxEjectedPercent: 0 };
  t.true(mayEjectOneMore(none, { ejected: 0, total: 10, usable: 10 }, false));
  t.false(mayEjectOneMore(none, { ejected: 1, total: 10, usable: 9 }, false));
});

for (const [usable, hasOthers, percent, may] of [
  [2, false, 50, true],
  [1, false, 50, false],
  [1, true, 50, true],
  [1, false, 100, true],
] as const) {
  const whom = `the ${usable === 1 ? 'last' : 'last but one'} of a cluster that can take requests`;
  test(`${whom} ${may ? 'may' : 'may not'} be ejected at ${percent} %, others ${hasOthers ? 'there' : 'missing'}`, (t) => {
    const counts = { ejected: 0, total: 6, usable };
    t.is(mayEjectOneMore({ ...policy, maxEjectedPercent: percent }, counts, hasOthers), may);
  });
}

test('a check of what was thought well ends an ejection, too, on trial', (t) => {
  const back = afterCheck(ejected, 10);
  t.is(back.kind, 'probation');
  t.is(after(['failed'], { from: back, now: 10 }).kind, 'ejected');
  t.is(afterCheck(trusted, 10), trusted);
});

test('a check that passes says nothing of a protocol: what speaks another one stays out', (t) => {
  const deaf: OutlierState = { ...ejected, cause: 'otherProtocol' };
  t.is(afterCheck(deaf, 10), deaf);
});

test('an endpoint is out for 30 s times its multiplier, 300 s at most; another cluster for a sixth of that', (t) => {
  const timesOf = (kind: 'endpoint' | 'cluster') => {
    const judged = judgedAs(kind, policy);
    const times: number[] = [];
    let state: OutlierState = trusted;
    let now = 0;
    for (let i = 0; i < 12; i++) {
      state = after(many('failed', 3), { from: state, now, policy: judged });
      if (state.kind !== 'ejected') throw new Error('it is in');
      times.push((state.until - now) / 1000);
      now = state.until;
      state = afterTime(state, now);
    }
    return times;
  };
  t.deepEqual(timesOf('endpoint'), [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  t.deepEqual(timesOf('cluster'), [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 50, 50]);
});
