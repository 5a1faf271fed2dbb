/** Specifies when a certificate is renewed, and what becomes of a renewal that fails. */
import test from 'ava';
import { type LeafIdentity, openAuthority } from '../../certs/authority.ts';
import { LeafRotation, renewalTime } from '../../certs/rotation.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const dc1 = parseTrustDomain('dc1.acme');
const hour = 3600_000;

for (const [random, expected] of [
  [0, 1500],
  [0.5, 1475],
  [1, 1450],
] as const) {
  test(`a leaf issued at 1000 that ends at 2000 is renewed at ${expected} when chance is ${random}`, (t) => {
    t.is(
      renewalTime(1000, 2000, () => random),
      expected,
    );
  });
}

async function rotating(t: Parameters<typeof tempDir>[0]) {
  // Certificates know whole seconds only.
  const clock = new ManualClock(Math.floor(Date.now() / 1000) * 1000);
  const authority = await openAuthority({ dir: await tempDir(t), trustDomain: dc1, clock });
  const failures: { message: string; retryInMs: number }[] = [];
  const renewed: LeafIdentity[] = [];
  const issuing: Promise<LeafIdentity>[] = [];
  let broken = false;
  const rotation = new LeafRotation({
    authority: {
      async issueLeaf(request) {
        if (broken) throw new Error('the disk is full');
        const leaf = authority.issueLeaf(request);
        issuing.push(leaf);
        return await leaf;
      },
    },
    request: { id: gatewayId(dc1, 'g1'), dnsNames: [] },
    clock,
    random: () => 0,
    onFailure: ({ message }, retryInMs) => failures.push({ message, retryInMs }),
  });
  rotation.onRenew((identity) => renewed.push(identity));
  t.teardown(() => rotation.stop());
  return {
    clock,
    rotation,
    failures,
    renewed,
    issuing,
    breakIt: (value: boolean) => (broken = value),
  };
}

test('a leaf asked for before the start is an error', async (t) => {
  const { rotation } = await rotating(t);
  t.throws(() => rotation.current, { code: 'INTERNAL' });
});

test('a leaf is renewed at half its life, again and again', async (t) => {
  const { clock, rotation, renewed } = await rotating(t);
  const first = await rotation.start();
  t.is(rotation.current, first);
  clock.advance(12 * hour - 1);
  t.is(clock.pending, 1);
  t.is(rotation.current, first);
  clock.advance(1);
  await until('the first renewal', () => renewed.length === 1);
  t.deepEqual(renewed, [rotation.current]);
  t.not(rotation.current.certPem, first.certPem);
  t.is(rotation.current.notAfter, first.notAfter + 12 * hour);
  clock.advance(12 * hour);
  await until('the second renewal', () => renewed.length === 2);
});

for (const hours of [-1, -40]) {
  test(`a leaf that was made before the clock was set back by ${-hours} h is made anew, and is valid then`, async (t) => {
    const { clock, rotation, renewed } = await rotating(t);
    const first = await rotation.start();
    clock.jump(hours * hour);
    clock.advance(5_000);
    await until('the renewal', () => renewed.length === 1);
    t.not(rotation.current, first);
    t.true(rotation.current.notBefore < clock.now());
    // Once is enough.
    clock.advance(hour);
    t.is(renewed.length, 1);
  });
}

test('a clock that is set back by some minutes costs no certificate', async (t) => {
  const { clock, rotation } = await rotating(t);
  const first = await rotation.start();
  clock.jump(-10 * 60_000);
  clock.advance(60_000);
  t.is(rotation.current, first);
});

test('a leaf whose time came while the machine slept, or the clock was set, is renewed within seconds', async (t) => {
  const { clock, rotation, renewed } = await rotating(t);
  const first = await rotation.start();
  clock.jump(23 * hour);
  clock.advance(5_000);
  await until('the renewal', () => renewed.length === 1);
  t.not(rotation.current, first);
});

test('a renewal that fails is reported and tried again, and the old leaf stays', async (t) => {
  const { clock, rotation, failures, renewed, breakIt } = await rotating(t);
  const first = await rotation.start();
  breakIt(true);
  clock.advance(12 * hour);
  await until('the first failure', () => failures.length === 1);
  clock.advance(500);
  await until('the second failure', () => failures.length === 2);
  t.deepEqual(failures, [
    { message: 'the disk is full', retryInMs: 500 },
    { message: 'the disk is full', retryInMs: 1000 },
  ]);
  t.is(rotation.current, first);
  breakIt(false);
  clock.advance(1000);
  await until('the renewal', () => renewed.length === 1);
  t.deepEqual(renewed, [rotation.current]);
});

test('a subscriber that throws is reported, and hears again', async (t) => {
  const { clock, rotation, failures, renewed } = await rotating(t);
  await rotation.start();
  const stop = rotation.onRenew(() => {
    throw new Error('no such context');
  });
  clock.advance(12 * hour);
  await until('the failure', () => failures.length === 1);
  t.is(failures[0]?.message, 'no such context');
  stop();
  clock.advance(500);
  await until('the next renewal', () => renewed.length === 2);
  t.is(failures.length, 1);
});

test('nothing is renewed after the stop', async (t) => {
  const { clock, rotation, renewed } = await rotating(t);
  const first = await rotation.start();
  rotation.stop();
  t.is(clock.pending, 0);
  clock.advance(24 * hour);
  t.is(rotation.current, first);
  t.deepEqual(renewed, []);
});

test('a leaf that arrives after the stop is not adopted', async (t) => {
  const { clock, rotation, renewed, issuing } = await rotating(t);
  const first = await rotation.start();
  clock.advance(12 * hour);
  rotation.stop();
  await Promise.all(issuing);
  t.is(clock.pending, 0);
  t.is(rotation.current, first);
  t.deepEqual(renewed, []);
});
