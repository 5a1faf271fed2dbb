/** Owns the shape of what happened: events. */
import { z } from 'zod';
import { eventKinds, severities } from '../../events/event.ts';
import { moment, named } from './shape.ts';

export const eventItemSchema = named('Event', 'Something that happened', {
  /** Grows with time: an event's id is greater than those of all before it. */
  id: z.string(),
  at: moment,
  kind: z.enum(eventKinds),
  severity: z.enum(severities),
  cluster: z.string(),
  what: z.string(),
  details: z.record(z.string(), z.unknown()).readonly().optional(),
});
