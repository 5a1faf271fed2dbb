/** Specifies what keeps a cluster from leaving unheard: that it is the founder, or that others go by what it wrote for all. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { parseClusterName } from '../../../../core/names.ts';
import { refuseLoss } from '../../../../gateway/control/policies/parting.ts';

type Word = Parameters<typeof refuseLoss>[0];

const self = parseClusterName('dc1');
const other = parseClusterName('dc2');

const policy = (scope: 'cluster' | 'federation', cluster = self, name = 'orders') =>
  ({
    scope,
    record: { cluster, kind: 'TrafficPolicy', namespace: 'shop', name },
  }) as Word['policies'][number];

const foundedBy = (founder: typeof self) => ({ founder }) as NonNullable<Word['charter']>;

const six = Array.from({ length: 6 }, (_, i) => policy('federation', self, `p${i}`));

/** Situation, who founded, policies, and why it may not leave; undefined: it may. */
const table: readonly [string, Word['charter'], Word['policies'], RegExp | undefined][] = [
  ['the founder', foundedBy(self), [], /^dc1 is the founder/],
  ['whoever has said nothing for all', foundedBy(other), [policy('cluster')], undefined],
  ['what others wrote for all', foundedBy(other), [policy('federation', other)], undefined],
  [
    'its own word for all',
    foundedBy(other),
    [policy('federation')],
    /: traffic-policy shop\/orders$/,
  ],
  ['much of it', foundedBy(other), six, /shop\/p0, .*shop\/p4, and 1 more$/],
  ['a founder that is not known', undefined, [policy('federation')], /wrote policies/],
];

for (const [situation, charter, policies, why] of table) {
  test(`leaving: ${situation}: ${why ? 'refused' : 'it may'}`, (t) => {
    const attempt = () => refuseLoss({ self, charter, policies });
    if (why === undefined) return t.notThrows(attempt);
    const error = t.throws(attempt, { instanceOf: IsthmusError });
    t.is(error.code, 'LEAVE_REFUSED');
    t.regex(error.message, why);
  });
}
