/** Specifies how much may be on its way to us over a link. */
import test from 'ava';
import { Flight, flightOf } from '../../../../gateway/data/socket/flight.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

test('what is on its way fills the way, and half a mebibyte more', (t) => {
  for (const [roundTripMs, rate, octets] of [
    [0, 0, 512 * KiB],
    [1, 0, 512 * KiB + 64 * KiB],
    [16, 0, 512 * KiB + MiB],
    // Twice what was seen, once that is more than is assumed of any way.
    [16, 32 * KiB, 512 * KiB + MiB],
    [16, 64 * KiB, 512 * KiB + 2 * MiB],
    [10_000, 0, 32 * MiB],
  ] as const) {
    t.is(flightOf(roundTripMs, rate), octets, `${roundTripMs} ms, ${rate} octets/ms`);
  }
});

test('a round trip that waited behind what was on its way makes it no longer', (t) => {
  const flight = new Flight();
  t.is(flight.look(2, 0, 0), flightOf(2, 0));
  t.is(flight.look(50, 0, 200), flightOf(2, 0));
  t.is(flight.look(1, 0, 400), flightOf(1, 0));
});

test('a way that has become longer is believed after at most ten minutes', (t) => {
  const flight = new Flight();
  flight.look(2, 0, 0);
  t.is(flight.look(50, 0, 300_000), flightOf(2, 0));
  t.is(flight.look(50, 0, 599_999), flightOf(2, 0));
  t.is(flight.look(50, 0, 600_000), flightOf(50, 0));
});

test('a rate that was seen counts, and fades when it is not reached any more', (t) => {
  const flight = new Flight();
  flight.look(10, 0, 0);
  const fast = 200 * 100 * KiB;
  t.is(flight.look(10, fast, 200), flightOf(10, 100 * KiB));
  t.is(flight.look(10, fast, 400), flightOf(10, 90 * KiB));
});
