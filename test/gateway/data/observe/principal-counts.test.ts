/** Specifies how answered requests are counted by who asks: by the names that certificates proved, and no more of them than are told apart. */
import test from 'ava';
import { parseClusterName, parseFederationName } from '../../../../core/names.ts';
import type { Exchange } from '../../../../gateway/data/message/exchange.ts';
import { PrincipalCounts } from '../../../../gateway/data/observe/principal-counts.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { cart } from '../../records.ts';

const place = { cluster: parseClusterName('dc1'), federation: parseFederationName('acme') };

function counting(most: number) {
  const recorder = new Recorder();
  const principals = new PrincipalCounts({ place, most, open: (labels) => recorder.named(labels) });
  return {
    ask(uri: string | undefined, status = 200, serial = 1) {
      const certificate = uri && `Hash=${String(serial).padStart(64, '0')};URI=${uri}`;
      const peer = { kind: 'client', address: '10.0.0.1', certificate };
      principals.answered({ peer, head: {} } as unknown as Exchange, cart, status);
    },
    counts: () =>
      Object.fromEntries(
        recorder.snapshot().named.map((one) => [one.principal, one.byStatusClass.join(' ')]),
      ),
  };
}

const named = (name: string) => `spiffe://dc1.acme/ns/shop/sa/${name}`;

test('callers are counted by name and class of status, whichever of its certificates one shows', (t) => {
  const { ask, counts } = counting(2);
  ask(named('a'));
  ask(named('a'), 503, 2);
  ask(named('b'), 404);
  t.deepEqual(counts(), {
    'dc1.acme/ns/shop/sa/a': '0 0 1 0 0 1',
    'dc1.acme/ns/shop/sa/b': '0 0 0 0 1 0',
  });
});

test('names beyond those that are told apart are counted together, those of many certificates too', (t) => {
  const { ask, counts } = counting(1);
  for (let i = 0; i < 9; i++) ask(named(`c${i}`));
  for (let serial = 0; serial < 600; serial++) ask(named('c0'), 404, serial);
  const { other, ...rest } = counts();
  t.is(other, '0 0 8 0 0 0');
  t.deepEqual(rest, { 'dc1.acme/ns/shop/sa/c0': '0 0 1 0 600 0' });
});

test('a name that is too long for a label is one of the others', (t) => {
  const { ask, counts } = counting(9);
  ask(named('x'.repeat(300)));
  t.deepEqual(counts(), { other: '0 0 1 0 0 0' });
});

test('security: a name that the cluster cannot vouch for is counted for nobody, and so is who shows none', (t) => {
  const { ask, counts } = counting(9);
  ask('spiffe://dc2.acme/ns/shop/sa/front');
  ask(undefined);
  t.deepEqual(counts(), {});
  const { ask: asks, counts: none } = counting(0);
  asks(named('a'));
  t.deepEqual(none(), {});
});
