/** Specifies where a TLS connection goes, by the server its client names. */
import test from 'ava';
import { Destinations } from '../../../../gateway/data/listen/destinations.ts';

function destinations(hasDefault: boolean): Destinations<string> {
  return new Destinations({
    terminators: [
      { by: 'www', hosts: ['www.example.com', 'db.shop.acme'], isDefault: hasDefault },
      { by: 'any', hosts: ['*.example.com', '*.shop.acme'], isDefault: false },
    ],
    passthrough: [
      { host: 'ledger.example.com', authority: 'ledger.shop.acme' },
      { host: '*.db.example.com', authority: 'dbs.shop.acme' },
    ],
    isTlsService: (name) => name === 'queue.shop.acme' || name === 'db.shop.acme',
  });
}

const ended = (by: string) => ({ kind: 'terminate', by }) as const;
const passed = (authority: string) => ({ kind: 'pass', authority }) as const;

const found: Record<string, ReturnType<typeof ended> | ReturnType<typeof passed> | undefined> = {
  'www.example.com': ended('www'),
  'other.example.com': ended('any'),
  'ledger.example.com': passed('ledger.shop.acme'),
  'one.db.example.com': passed('dbs.shop.acme'),
  'queue.shop.acme': passed('queue.shop.acme'),
  'orders.shop.acme': ended('any'),
  'db.shop.acme': ended('www'),
  'nobody.example': undefined,
};

for (const [name, destination] of Object.entries(found)) {
  const where = destination === undefined ? 'nowhere' : Object.values(destination).join(' ');
  test(`${name} goes: ${where}`, (t) => {
    t.deepEqual(destinations(false).find(name), destination);
  });
}

test('a name is passed on, or is ended here, whatever the default', (t) => {
  for (const hasDefault of [true, false]) {
    const all = destinations(hasDefault);
    t.true(all.isPassed('one.db.example.com'));
    t.true(all.isPassed('queue.shop.acme'));
    t.false(all.isPassed('other.example.com'));
    t.false(all.isPassed('nobody.example'));
  }
});

test('no name, or one nobody knows, goes to the default where there is one', (t) => {
  t.is(destinations(false).find(undefined), undefined);
  t.deepEqual(destinations(true).find(undefined), ended('www'));
  t.deepEqual(destinations(true).find('nobody.example'), ended('www'));
  t.deepEqual(destinations(true).find('other.example.com'), ended('any'));
});
