/** Specifies the list of events: in the order in which they happened, whatever their ids look like, in one page or in several. */
import test from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import type { OperationCall } from '../../../../gateway/control/api/operation.ts';
import { journalOperations } from '../../../../gateway/control/api/operations/journal.ts';
import { createJournal } from '../../../../gateway/control/events/journal.ts';

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly next?: string;
}

test('events are listed oldest first, and pages go on where the one before ended', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const journal = createJournal({ ...systemClock, now: () => (now += 7_001) });
  for (let i = 0; i < 300; i++) {
    journal.add({ kind: 'spill', severity: 'info', cluster: 'dc1', what: `${i}` });
  }
  const ids = journal.items.map(({ id }) => id);
  const [events] = journalOperations(journal);
  const list = async (query: object) =>
    (await events?.handle({ query } as OperationCall<undefined, never, undefined>)) as Page;

  const whole = await list({});
  t.deepEqual(
    whole.items.map(({ id }) => id),
    ids,
  );
  const paged: string[] = [];
  let page: Page | undefined;
  do {
    page = await list({ limit: 70, ...(page ? { cursor: page.next } : {}) });
    paged.push(...page.items.map(({ id }) => id));
  } while (page.next !== undefined);
  t.deepEqual(paged, ids);
});
