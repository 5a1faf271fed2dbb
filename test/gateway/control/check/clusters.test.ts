/** Specifies what a check says of other clusters that can't be reached, with the reason, and where to look; and of clocks that are apart. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { clockFinding, type Linking, peers } from '../../../../gateway/control/check/clusters.ts';

const dc2 = { cluster: parseClusterName('dc2'), gateways: new Map() };

/** What is found where the only connection to dc2 is down, and why. */
async function found(why: string) {
  const down = { state: 'down', streams: 0, sentBytes: 0, receivedBytes: 0 } as const;
  const workers: Linking['workers'] = {
    links: { state: () => ({ state: 'down' }) } as unknown as Linking['workers']['links'],
    linkDetails: async () => [{ ...down, cluster: dc2.cluster, address: '10.0.0.2:7443', why }],
  };
  const [finding] = await peers({ workers }, [dc2]);
  return finding;
}

for (const [why, advice] of [
  ['connect ECONNREFUSED', /east-west address\.$/],
  ['the certificate expired at noon', /Compare the clocks of both machines/],
  [
    'The certificate was not signed by a root of dc2.acme',
    /another authority. If that is the gateway of the cluster, which lost its data folder/,
  ],
  // As one does that does not believe our certificate, for it is of tomorrow by its clock.
  ['read ECONNRESET', /hangs up: `isthmus check` at that gateway says why, such as clocks/],
  ['the other side closed the connection', /hangs up: `isthmus check` at that gateway says why/],
] as const) {
  test(`a link that is down for "${why}" comes with what to do about that`, async (t) => {
    const finding = await found(why);
    t.like(finding, { level: 'error', code: 'PEER_UNREACHABLE' });
    t.true(finding?.what.includes(`10.0.0.2:7443: ${why}`));
    t.regex(finding?.fix ?? '', advice);
  });
}

for (const [offsetMs, level, what] of [
  [29_999, undefined, ''],
  [30_000, 'warning', 'The clock of dc2/g1 is 30 s ahead of ours'],
  [-59_999, 'warning', 'The clock of dc2/g1 is 60 s behind ours'],
  [60_000, 'error', 'The clock of dc2/g1 is 60 s ahead of ours'],
  [-600_000, 'error', 'The clock of dc2/g1 is 600 s behind ours'],
] as const) {
  test(`a clock ${offsetMs} ms ahead: ${level ?? 'nothing to say'}`, (t) => {
    const found = clockFinding({ gateway: 'dc2/g1', offsetMs });
    t.deepEqual(
      found.map((one) => [one.level, one.code, one.what]),
      level ? [[level, 'CLOCK_SKEW', what]] : [],
    );
  });
}
