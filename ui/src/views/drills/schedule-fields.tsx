/** Owns the form that has the composed drill run by the calendar; a refusal leaves everything typed where it is. */
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { CheckField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { parseBlackouts } from './blackouts.ts';
import { draft, forgetDraft, setDraft, specOf } from './draft.ts';
import { type EditedSchedule, schedulePath } from './use-edited-schedule.ts';

export function ScheduleFields({ editing }: { readonly editing: EditedSchedule }) {
  const { route } = useLocation();
  const { name, cron, timeZone, notDuring, enabled } = draft.value;
  const isNew = editing.name === undefined;
  const windows = parseBlackouts(notDuring);
  const saving = useAction(async () => {
    const written = draft.peek();
    await call(schedulePath(written.name), {
      method: 'PUT',
      // Somebody else's is neither replaced by its name nor by what was seen of it a while ago.
      ...(isNew ? { onlyNew: true } : { ifMatch: written.tag }),
      body: {
        cron: written.cron,
        timeZone: written.timeZone,
        blackouts: windows.ok ? windows.blackouts : [],
        enabled: written.enabled,
        spec: specOf(written),
      },
    });
    forgetDraft();
    route('/drills/schedules');
  });
  const isStale = !isNew && saving.problem?.code === 'PRECONDITION_FAILED';
  return (
    <Form onSubmit={() => void saving.run()}>
      {isNew && (
        <TextField
          label="Name"
          mono
          required
          value={name}
          onChange={(text) => setDraft({ name: text })}
          hint="As monthly-dc1."
        />
      )}
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
      <CheckField
        label="It is run at these times"
        checked={enabled}
        onChange={(on) => setDraft({ enabled: on })}
      />
      <ProblemNote problem={saving.problem} />
      {isStale && (
        <button
          type="button"
          class="button"
          onClick={() => {
            saving.forget();
            editing.again();
          }}
        >
          Load it as it is now
        </button>
      )}
      <div>
        <ActButton
          needs="operator"
          look="primary"
          disabled={saving.busy || !windows.ok || name === ''}
        >
          {isNew ? 'Schedule the drill' : 'Save the schedule'}
        </ActButton>
      </div>
    </Form>
  );
}
