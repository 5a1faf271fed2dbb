/** Specifies by which tokens clients are bound to targets, and whom a token names. */

import test from 'ava';
import { serviceName } from '../../../../core/names.ts';
import { Tokens } from '../../../../gateway/data/balance/tokens.ts';
import { start, three } from './balancer-scene.ts';
import { dc1, dc2, remote, summary, web, zone } from './scenes.ts';

const tokens = new Tokens(web);

function scene() {
  const one = start({ groups: [three, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  const find = (token: string) => {
    const named = one.balancer.find(token);
    return named && (named.target?.key ?? 'not now');
  };
  return { ...one, find };
}

test('a token names its endpoint here, and elsewhere the cluster that has it', (t) => {
  const { find } = scene();
  t.is(find(tokens.of(dc1, 'b')), 'endpoint/b');
  t.is(find(tokens.of(dc2, 'b')), 'cluster/dc2');
  t.is(find(tokens.of(dc2, '')), 'cluster/dc2');
});

test('an endpoint that answers has the same token wherever it is asked from', (t) => {
  const { balancer } = scene();
  const here = balancer.find(tokens.of(dc1, 'b'))?.target;
  const there = balancer.find(tokens.of(dc2, 'b'))?.target;
  if (!here || !there) return t.fail();
  t.is(balancer.tokenOf(here, undefined), tokens.of(dc1, 'b'));
  t.is(balancer.tokenOf(there, 'x'), tokens.of(dc2, 'x'));
});

test('one that is gone has no name any more; one that is ill has, and no target', (t) => {
  const { find, update } = scene();
  update([zone('eu-a', { a: 'healthy', b: 'unhealthy' }), summary(dc2, 3, 3)]);
  t.is(find(tokens.of(dc1, 'b')), 'not now');
  t.is(find(tokens.of(dc1, 'c')), undefined);
  update([three, summary(dc2, 3, 3)], [remote(dc2, { link: 'down' })]);
  t.is(find(tokens.of(dc2, 'b')), 'not now');
  update([three], []);
  t.is(find(tokens.of(dc2, 'b')), undefined);
});

test('one of weight 0 has none: sessions leave it, too', (t) => {
  const { find, update } = scene();
  update([zone('eu-a', { a: 'healthy', b: 'healthy' }, { b: 0 })]);
  t.is(find(tokens.of(dc1, 'b')), undefined);
});

test('security: a token says neither id nor cluster nor address, and is of no use for another service', (t) => {
  const token = tokens.of(dc1, 'shop-10.0.0.1');
  t.regex(token, /^[\w-]{8}\.[\w-]{16}$/);
  t.notRegex(token, /dc1|10\.0|shop/);
  t.not(new Tokens(serviceName('shop', 'cart')).of(dc1, 'shop-10.0.0.1'), token);
});

for (const made of [
  '',
  '.',
  'a',
  '..',
  'endpoint/b',
  'x'.repeat(10_000),
  'constructor',
  '__proto__.b',
]) {
  test(`security: ${JSON.stringify(made.slice(0, 20))}, which somebody made up, names nobody`, (t) => {
    t.is(scene().find(made), undefined);
  });
}
