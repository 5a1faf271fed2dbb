/** Owns the shapes of what happened: events, and the audit of writes. */
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

export const auditItemSchema = named('AuditEntry', 'One write, and what became of it', {
  id: z.string(),
  at: moment,
  who: z.string(),
  role: z.enum(['viewer', 'operator', 'admin', 'none']),
  /** Address it came from. */
  from: z.string(),
  method: z.string(),
  path: z.string(),
  /** Name of the operation, as this description has it; absent where there is none. */
  operation: z.string().optional(),
  /** The object of the operation. */
  object: z.string().optional(),
  status: z.int(),
  /** Code of the refusal or failure. */
  code: z.string().optional(),
});
