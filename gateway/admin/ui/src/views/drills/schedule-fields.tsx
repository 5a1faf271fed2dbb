/** Owns the form that has the composed drill run by the calendar; a refusal leaves everything typed where it is. */
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import type { ScheduleItem } from '../../api/standing.ts';
import { useAction } from '../../api/use-action.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { status } from '../../live/store.ts';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { parseBlackouts } from './blackouts.ts';
import { draft, forgetDraft, setDraft, specOf } from './draft.ts';

export function ScheduleFields() {
  const { route } = useLocation();
  const { name, cron, timeZone, notDuring } = draft.value;
  const known = useFetched<{ readonly items: readonly ScheduleItem[] }>('/v1/drill-schedules');
  const here = status.value?.cluster;
  const replaces = known.value?.items.some((one) => one.name === name && one.cluster === here);
  const windows = parseBlackouts(notDuring);
  const creation = useAction(async () => {
    const written = draft.peek();
    await call(`/v1/drill-schedules/${encodeURIComponent(written.name)}`, {
      method: 'PUT',
      body: {
        cron: written.cron,
        timeZone: written.timeZone,
        blackouts: windows.ok ? windows.blackouts : [],
        spec: specOf(written),
      },
    });
    forgetDraft();
    route('/drills/schedules');
  });
  return (
    <Form onSubmit={() => void creation.run()}>
      <TextField
        label="Name"
        mono
        required
        value={name}
        onChange={(text) => setDraft({ name: text })}
        hint={replaces ? 'There is one of this name: it will be replaced.' : 'As monthly-dc1.'}
      />
      <div class="form-row">
        <TextField
          label="Cron"
          mono
          required
          value={cron}
          onChange={(text) => setDraft({ cron: text })}
          hint="Minute, hour, day, month, weekday"
        />
        <TextField
          label="Time zone"
          mono
          required
          value={timeZone}
          onChange={(text) => setDraft({ timeZone: text })}
          hint="As Europe/Berlin"
        />
      </div>
      <TextField
        label="Not during"
        mono
        rows={3}
        value={notDuring}
        onChange={(text) => setDraft({ notDuring: text })}
        hint="One window a line, as “fri,sat 12:00 to 24:00” or “2026-12-20T00:00:00Z to 2027-01-07T00:00:00Z”"
        error={windows.ok ? undefined : windows.why}
      />
      <ProblemNote problem={creation.problem} />
      <div>
        <button
          type="submit"
          class="button button-primary"
          disabled={creation.busy || !windows.ok || name === ''}
        >
          {replaces ? 'Replace the schedule' : 'Schedule the drill'}
        </button>
      </div>
    </Form>
  );
}
