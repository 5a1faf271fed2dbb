/** Specifies which events two looks at a gateway make. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { changes, type Seen } from '../../../../gateway/control/events/gateway-events.ts';

const [dc1, dc2] = [parseClusterName('dc1'), parseClusterName('dc2')];
const calm: Seen = {
  registry: 'connected',
  members: new Set([dc1]),
  believed: new Map(),
  problems: new Set(),
};

const cases: Record<
  string,
  readonly [before: Partial<Seen>, now: Partial<Seen>, events: object[]]
> = {
  'nothing happened': [{}, {}, []],
  'the registry is lost': [
    {},
    { registry: 'unavailable' },
    [{ kind: 'registry', severity: 'error', cluster: 'dc1' }],
  ],
  'the registry is back': [
    { registry: 'unavailable' },
    {},
    [{ kind: 'registry', severity: 'info', what: 'The registry answers' }],
  ],
  'a cluster joins': [
    {},
    { members: new Set([dc1, dc2]) },
    [{ kind: 'member', severity: 'info', cluster: 'dc2' }],
  ],
  'a cluster leaves': [
    { members: new Set([dc1, dc2]) },
    {},
    [{ kind: 'member', severity: 'warning', cluster: 'dc2' }],
  ],
  'a bundle is believed': [
    {},
    { believed: new Map([[dc2, 3]]) },
    [{ kind: 'trust', severity: 'info', details: { sequence: 3 } }],
  ],
  'a bundle is replaced': [
    { believed: new Map([[dc2, 3]]) },
    { believed: new Map([[dc2, 4]]) },
    [{ kind: 'trust', what: 'The bundle of dc2 was replaced' }],
  ],
  'a cluster is trusted no more': [
    { believed: new Map([[dc2, 3]]) },
    {},
    [{ kind: 'trust', severity: 'warning' }],
  ],
  'something is wrong': [
    {},
    { problems: new Set(['RECORD_FOREIGN: dc2 wrote it']) },
    [{ kind: 'gateway', severity: 'error', what: 'RECORD_FOREIGN: dc2 wrote it' }],
  ],
  'it is over': [
    { problems: new Set(['RECORD_FOREIGN: dc2 wrote it']) },
    {},
    [{ kind: 'gateway', severity: 'info', what: 'Over: RECORD_FOREIGN: dc2 wrote it' }],
  ],
};

for (const [situation, [before, now, events]] of Object.entries(cases)) {
  test(situation, (t) => {
    const found = changes('dc1', { ...calm, ...before }, { ...calm, ...now });
    t.is(found.length, events.length);
    for (const [i, event] of events.entries()) t.like(found[i], event);
  });
}
