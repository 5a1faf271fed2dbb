/** Owns the description of the gateway that is asked: its status, the threads that carry its traffic, what happened to it. */
import type { z } from 'zod';
import type { Items, Status } from '../../gateway/control/api/answers.ts';
import type { workerSchema } from '../../gateway/control/api/schema/gateway.ts';
import type { AdminClient } from '../admin-client.ts';
import { statusText } from '../status-text.ts';
import { type Column, renderTable } from '../table.ts';
import { rtt } from '../words.ts';
import { type Findings, relatedEvents } from './description.ts';

type Worker = z.output<typeof workerSchema>;

const itsOwn: ReadonlySet<string> = new Set(['gateway', 'registry', 'certificate']);

export async function describeGateway(admin: AdminClient): Promise<Findings> {
  const [status, workers, { events, section }] = await Promise.all([
    admin.get<Status>('/v1/status'),
    admin.get<Items<Worker>>('/v1/workers'),
    relatedEvents(admin, ({ kind }) => itsOwn.has(kind)),
  ]);
  return {
    data: { status, workers: workers.items, events },
    fields: [],
    sections: [
      { title: 'Status', body: (view) => statusText(status, view), none: '' },
      {
        title: 'Workers',
        body: (view) =>
          workers.items.length === 0 ? '' : renderTable(workerColumns, workers.items, view),
        none: 'none',
      },
      section,
    ],
  };
}

const workerColumns: readonly Column<Worker>[] = [
  { title: 'WORKER', cell: (w) => w.worker, align: 'right' },
  {
    title: 'STATE',
    cell: (w) => (w.shedding ? `${w.state}, refuses new requests` : w.state),
    color: (w) => (w.state === 'serving' && !w.shedding ? 'green' : 'yellow'),
  },
  { title: 'IN FLIGHT', cell: (w) => w.inFlight, align: 'right' },
  { title: 'SERVED', cell: (w) => w.served, align: 'right' },
  { title: 'REFUSED', cell: (w) => w.refused, align: 'right' },
  { title: 'LAG', cell: (w) => rtt(w.lagMs), align: 'right' },
  { title: 'HEAP', cell: (w) => `${Math.round(w.heapBytes / 2 ** 20)} MiB`, align: 'right' },
  { title: 'RESTARTS', cell: (w) => w.restarts, align: 'right' },
];
