/** Owns the operation on what happened: events. */
import { z } from 'zod';
import { byCodeUnits } from '../../../../core/text-order.ts';
import { eventKinds } from '../../events/event.ts';
import type { Journal } from '../../events/journal.ts';
import { listing } from '../list.ts';
import type { Operation } from '../operation.ts';
import { eventItemSchema } from '../schema/journal.ts';

const tag = 'Journal';
const after = z.string().max(64).optional().describe('Id of an item: only later ones');

export function journalOperations(journal: Journal): Operation[] {
  return [
    listing({
      path: '/v1/events',
      id: 'listEvents',
      tag,
      summary: 'What happened lately, oldest first',
      role: 'viewer',
      query: { after, kind: z.enum(eventKinds).optional() },
      item: eventItemSchema,
      key: ({ id }) => id,
      order: byCodeUnits,
      items: ({ query }) =>
        journal.items.filter(
          ({ id, kind }) =>
            (query.after === undefined || id > query.after) &&
            (query.kind === undefined || kind === query.kind),
        ),
    }),
  ];
}
