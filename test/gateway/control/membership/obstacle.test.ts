/** Specifies what keeps a gateway that is in no federation from being ready. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { parseClusterName, parseFederationName } from '../../../../core/names.ts';
import { standalone } from '../../../../federation/member.ts';
import type { GatewayConfig } from '../../../../gateway/control/config/config.ts';
import { obstacleOf } from '../../../../gateway/control/membership/obstacle.ts';

const etcd = { etcd: { endpoints: ['http://127.0.0.1:2379'], found: false } };
const inNone = {
  membership: standalone,
  isAdopted: false,
  hasLooked: true,
  session: undefined,
  displacement: undefined,
  problem: undefined,
};

function configOf(more: Partial<GatewayConfig>) {
  const names = { cluster: parseClusterName('dc1'), federation: parseFederationName('acme') };
  return { ...names, registry: undefined, standalone: true, ...more } as GatewayConfig;
}

const lost = new IsthmusError('AUTHORITY_LOST', { what: 'Its authority is lost' });
const table = [
  ['it serves alone', {}, {}, undefined],
  ['it may not serve alone', { standalone: false }, {}, 'unjoined'],
  [
    'etcd was not asked yet: its data may be lost',
    { registry: etcd },
    { hasLooked: false },
    'uninformed',
  ],
  ['etcd says that its cluster is no member', { registry: etcd }, {}, undefined],
  [
    'etcd says that its cluster is founded long ago, by an authority that it has not',
    { registry: { etcd: { ...etcd.etcd, found: true } } },
    { problem: lost },
    'displaced',
  ],
  ['it has adopted what it is to begin with', {}, { isAdopted: true }, 'uninformed'],
] as const;

for (const [situation, config, circumstances, state] of table) {
  test(situation, (t) => {
    const obstacle = obstacleOf({
      ...inNone,
      ...circumstances,
      config: configOf(config as Partial<GatewayConfig>),
    });
    t.is(obstacle?.state, state);
  });
}
