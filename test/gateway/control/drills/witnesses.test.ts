/** Specifies who reports on a drill whose driver is lost. */
import test from 'ava';
import { reporters } from '../../../../gateway/control/drills/witnesses.ts';
import { runningDrill } from '../../../federation/drills/specs.ts';

test('the gateways that are left: those of its own cluster before the others, by name, and never its driver', (t) => {
  const drill = runningDrill('one', { driver: { cluster: 'dc2', gateway: 'gw1' } });
  const table: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['dc3/gw1', 'dc1/gw2', 'dc2/gw3', 'dc2/gw2', 'dc1/gw1'],
      ['dc2/gw2', 'dc2/gw3', 'dc1/gw1', 'dc1/gw2', 'dc3/gw1'],
    ],
    [['dc2/gw1', 'dc1/gw1'], ['dc1/gw1']],
    [['dc2/gw1'], []],
  ];
  for (const [live, order] of table) t.deepEqual(reporters(drill, live), order);
});
