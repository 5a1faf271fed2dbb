/** Specifies which ways to another cluster are linked to, as each place stands. */
import test from 'ava';
import {
  decideWays,
  hasChoice,
  type PlaceState,
  reasonFor,
  type Way,
  wayTo,
} from '../../../../gateway/data/link/ways.ts';

const [near6, near4] = ['[fd00::5]:7443', '10.0.0.5:7443'];
const [far6, far4] = ['[2001:db8::5]:7443', '203.0.113.5:7443'];

/** A gateway with a name for its network, and one for all; each has addresses of both families. */
const gateway: Way = {
  kind: 'first',
  of: [
    { kind: 'all', of: [wayTo('near.dc2.test:7443', 'private', [near4, near6])] },
    { kind: 'all', of: [wayTo('dc2.test:7443', 'public', [far4, far6])] },
  ],
};

const words = { near6, near4, far6, far4 };
type Word = keyof typeof words;

function decided(way: Way, standings: Partial<Record<Word, PlaceState>>): string {
  const { wanted, spare } = decideWays(way, (place) => {
    const word = (Object.keys(words) as Word[]).find((one) => words[one] === place);
    return (word && standings[word]) ?? 'new';
  });
  const name = (place: string) => Object.entries(words).find(([, at]) => at === place)?.[0];
  const all = [...wanted].map(name).join(' ');
  return `${all} | ${[...spare].map(name).join(' ')}`;
}

const cases: readonly [Partial<Record<Word, PlaceState>>, string, string][] = [
  [{}, 'near6 | near4 far6 far4', 'IPv6 of the network is tried first'],
  [{ near6: 'trying' }, 'near6 | near4 far6 far4', 'it has its head start'],
  [{ near6: 'out' }, 'near6 near4 | far6 far4', 'then IPv4 is tried beside it'],
  [{ near6: 'up' }, 'near6 | near4 far6 far4', 'it is there: what else there is may stay for now'],
  [{ near6: 'steady', near4: 'up' }, 'near6 | ', 'it has been there for a while: the rest goes'],
  [{ near6: 'out', near4: 'up' }, 'near4 | near6 far6 far4', 'the other family won'],
  [{ near6: 'up', near4: 'steady' }, 'near4 | ', 'the first that got there stays'],
  [{ near6: 'out', near4: 'out' }, 'near6 near4 far6 | far4', 'not by the network: for all'],
  [
    { near6: 'out', near4: 'out', far6: 'steady' },
    'near6 near4 far6 | ',
    'the network is tried all the while',
  ],
  [
    { near6: 'up', near4: 'out', far6: 'steady' },
    'near6 | near4 far6',
    'by the network again: what stood in stays until that is steady',
  ],
];

for (const [standings, expected, why] of cases) {
  test(`${JSON.stringify(standings)}: ${why}`, (t) => {
    t.is(decided(gateway, standings), expected);
  });
}

test('ways beside each other are all linked to, whatever becomes of one', (t) => {
  const both: Way = { kind: 'all', of: [wayTo('a:1', 'public', ['a:1']), gateway] };
  const { wanted } = decideWays(both, (place) => (place === 'a:1' ? 'steady' : 'new'));
  t.deepEqual([...wanted], ['a:1', near6]);
  t.true(hasChoice(both));
  t.false(hasChoice({ kind: 'all', of: [wayTo('a:1', 'public', ['a:1', 'a:2'])] }));
});

test('a link is for an address in a scope, and instead of the places that come before it', (t) => {
  t.deepEqual(reasonFor(gateway, near4), {
    ...{ advertised: 'near.dc2.test:7443', scope: 'private', before: [] },
  });
  t.deepEqual(reasonFor(gateway, far4), {
    ...{ advertised: 'dc2.test:7443', scope: 'public', before: [near6, near4] },
  });
  t.is(reasonFor(gateway, 'b:1'), undefined);
  // The public address of one is what another one is reached at in any case.
  const shared: Way = { kind: 'all', of: [gateway, wayTo('lb.test:7443', 'public', [far4])] };
  t.deepEqual(reasonFor(shared, far4)?.before, []);
});
