/** Owns the journal: the last events, for people and programs that look later. */
import type { Clock } from '../../../core/clock.ts';
import type { EventDraft } from './event.ts';
import { Ring } from './ring.ts';

const kept = 1000;

export type Journal = Ring<EventDraft>;

export function createJournal(clock: Pick<Clock, 'now'>): Journal {
  return new Ring<EventDraft>(clock, kept);
}
