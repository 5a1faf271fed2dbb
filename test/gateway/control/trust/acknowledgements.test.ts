/** Specifies which gateways a change of a root waits for. */
import test from 'ava';
import { type ClusterName, parseClusterName } from '../../../../core/names.ts';
import {
  type Acknowledgement,
  acknowledgements,
  laggards,
  nameOf,
} from '../../../../gateway/control/trust/acknowledgements.ts';
import type { ClusterRecord, GatewayRecord } from '../../../../registry/model.ts';
import type { ClusterView } from '../../../../registry/snapshot.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const sequence = 8;

/** A cluster whose record names `named`, and of whose gateways these live. */
function view(
  named: readonly string[],
  live: Readonly<Record<string, GatewayRecord['believes']>>,
): ClusterView {
  const part = { eastWest: [], federation: [], zones: [] };
  return {
    cluster: dc2,
    record: {
      gateways: Object.fromEntries(named.map((id) => [id, part])),
    } as unknown as ClusterRecord,
    gateways: new Map(
      Object.entries(live).map(([id, believes]) => [id, { id, believes } as GatewayRecord]),
    ),
  };
}

const cases: readonly [
  situation: string,
  view: ClusterView,
  isLinked: boolean,
  expected: Acknowledgement['state'],
  waits: boolean,
][] = [
  ['one that verifies by it', view(['g1'], { g1: { dc1: 8 } }), true, 'taken', false],
  ['one that verifies by a newer one', view(['g1'], { g1: { dc1: 9 } }), true, 'taken', false],
  ['one that verifies by an older one', view(['g1'], { g1: { dc1: 7 } }), true, 'behind', true],
  ['one that believes none', view(['g1'], { g1: {} }), true, 'behind', true],
  ['one of version 0.1', view(['g1'], { g1: undefined }), true, 'untold', true],
  ['one that its cluster does not name yet', view([], { g1: { dc1: 7 } }), true, 'behind', true],
  ['one cut off from the registry, which links reach', view(['g1'], {}), true, 'unheard', true],
  ['a cluster that is away', view(['g1'], {}), false, 'offline', false],
];

for (const [situation, member, isLinked, expected, waits] of cases) {
  test(`${situation}: ${expected}, and is ${waits ? '' : 'not '}waited for`, (t) => {
    const clusters = new Map<ClusterName, ClusterView>([[dc2, member]]);
    const all = acknowledgements({ clusters }, { of: dc1, sequence, isReached: () => isLinked });
    t.deepEqual(
      all.map(({ state }) => state),
      [expected],
    );
    t.deepEqual(laggards(all).map(nameOf), waits ? ['dc2/g1'] : []);
  });
}

test('a gateway that is cut off while its sibling lives is waited for, also where no link is up', (t) => {
  const member = view(['g1', 'g2'], { g1: { dc1: 8 } });
  const clusters = new Map<ClusterName, ClusterView>([[dc2, member]]);
  const all = acknowledgements({ clusters }, { of: dc1, sequence, isReached: () => false });
  t.deepEqual(laggards(all).map(nameOf), ['dc2/g2']);
});
