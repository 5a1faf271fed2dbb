/** Owns the faults of trust: roots that change under load. */
import { until } from '../../support/until.ts';
import type { Row } from '../row.ts';

const changedWithinMs = 120_000;

const rotated: Row = {
  name: 'roots-rotated',
  title: 'the roots of all clusters rotated under load',
  async break({ gateways }) {
    for (const { name, process } of gateways.filter((gateway) => gateway.name.endsWith('/g1'))) {
      await process.isthmusOk(['trust', 'rotate', '--yes', '--wait']);
      // As long as something rests on the root from before it is refused.
      await until(
        `${name} to retire its root`,
        () => process.isthmusOk(['trust', 'retire', '--yes']).then(() => true),
        changedWithinMs,
      );
    }
  },
};

export const trustFaults: readonly Row[] = [rotated];
