/** Owns what a root that is published waits for before it signs, pure. */
import type { AuthorityState } from '../../../certs/authority-state.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import { type Acknowledgement, laggards, nameOf } from './acknowledgements.ts';

interface Waiting {
  readonly cluster: ClusterName;
  readonly state: AuthorityState;
  readonly acknowledgements: readonly Acknowledgement[];
  /** How long it is published before it signs, whoever believes it: time for those outside of the federation. */
  readonly noticeMs: number;
  /** Wall milliseconds. */
  readonly now: number;
}

/** Within this a change is on its way, and nothing to worry about. */
const patienceMs = 5_000;

/** Whether whoever fetches the bundle from outside has had the time to. */
export function isNoticed({
  state,
  noticeMs,
  now,
}: Pick<Waiting, 'state' | 'noticeMs' | 'now'>): boolean {
  return state.kind !== 'published' || now - state.since >= noticeMs;
}

/** ROTATION_WAITING, with those who are waited for, for longer than it takes; undefined where nobody is. */
export function waitingFor({
  cluster,
  state,
  acknowledgements,
  noticeMs,
  now,
}: Waiting): IsthmusError | undefined {
  if (state.kind !== 'published' || now - state.since < patienceMs) return undefined;
  const late = laggards(acknowledgements).map((one) => `${nameOf(one)} (${one.state})`);
  const leftMs = noticeMs - (now - state.since);
  const outside = `those outside who fetch the bundle, for ${Math.ceil(leftMs / 1000)} s more`;
  const all = [...late, ...(leftMs > 0 ? [outside] : [])];
  if (all.length === 0) return undefined;
  return new IsthmusError('ROTATION_WAITING', {
    what: `The next root of ${cluster} is published since ${new Date(state.since).toISOString()}, and waits for ${all.join(', ')}`,
  });
}
