/** Specifies which limit of a request is up when, as a table. */
import test from 'ava';
import { staleMs } from '../../../../core/timing-wheel.ts';
import { TimeLimits } from '../../../../gateway/data/request/forward/time-limits.ts';

test('nothing is up where nothing is limited', (t) => {
  const limits = new TimeLimits(0, 0);
  limits.awaitHead(0, 0);
  limits.awaitTry(0, 0);
  t.is(limits.next(), Infinity);
  t.is(limits.up(1e12), undefined);
});

test('the head is waited for from the first time on that it is, a try from its own beginning', (t) => {
  const limits = new TimeLimits(0, 0);
  limits.awaitHead(100, 0);
  limits.awaitHead(100, 50);
  limits.awaitTry(30, 60);
  t.is(limits.next(), 90);
  t.is(limits.up(89), undefined);
  t.is(limits.up(90), 'try');
  t.is(limits.up(100), 'head');
});

test('once there is a head only idleness and the end of all count', (t) => {
  const limits = new TimeLimits(1000, 0);
  limits.awaitHead(100, 0);
  limits.awaitTry(30, 0);
  limits.awaitBody(50, 0);
  limits.awaitAll(5000, 0);
  limits.answered(20);
  t.is(limits.next(), 20 + 1000 + staleMs);
  limits.moved(4000);
  t.is(limits.next(), 5000);
  t.is(limits.up(4999), undefined);
  t.is(limits.up(5000), 'all');
});

test('nobody who asks for the body is the last that is up, and only until there is a head', (t) => {
  const limits = new TimeLimits(0, 0);
  limits.awaitTry(40, 0);
  limits.awaitContinue(30, 0);
  t.is(limits.next(), 30);
  t.is(limits.up(30), 'continue');
  t.is(limits.up(40), 'try');
  limits.answered(35);
  t.is(limits.next(), Infinity);
});

test('a body that stands still is told from one that nobody waits for', (t) => {
  const limits = new TimeLimits(0, 0);
  limits.awaitBody(300, 0);
  t.is(limits.up(300 + staleMs), 'body');
  limits.awaitBody(Infinity, 0);
  t.is(limits.up(1e12), undefined);
});
