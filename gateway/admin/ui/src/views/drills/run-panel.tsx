/** Owns the end of composing a drill: run it now, or have it run by the calendar. */
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import type { Drill, Prediction } from '../../api/drills.ts';
import { useAction } from '../../api/use-action.ts';
import { CheckField, SelectField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { useQuery } from '../../url/use-query.ts';
import { draft, forgetDraft, specOf } from './draft.ts';
import { ScheduleFields } from './schedule-fields.tsx';
import type { EditedSchedule } from './use-edited-schedule.ts';

export interface RunPanelProps {
  readonly prediction: Prediction | undefined;
  readonly editing: EditedSchedule;
}

export function RunPanel({ prediction, editing }: RunPanelProps) {
  const { values, set } = useQuery();
  const byCalendar = values['when'] === 'calendar';
  if (editing.name !== undefined) {
    return (
      <Panel id="run" title="When">
        <ScheduleFields editing={editing} />
      </Panel>
    );
  }
  return (
    <Panel id="run" title="Run">
      <div class="form">
        <SelectField
          label="When"
          value={byCalendar ? 'calendar' : 'now'}
          onChange={(when) => set({ when: when === 'now' ? undefined : when })}
          options={[
            ['now', 'Now'],
            ['calendar', 'By the calendar'],
          ]}
        />
        {byCalendar ? <ScheduleFields editing={editing} /> : <RunNow prediction={prediction} />}
      </div>
    </Panel>
  );
}

function RunNow({ prediction }: Pick<RunPanelProps, 'prediction'>) {
  const { route } = useLocation();
  const [force, setForce] = useState(false);
  const breaks = (prediction?.breaks.length ?? 0) > 0;
  const start = useAction(async () => {
    const path = force && breaks ? '/v1/drills?force=true' : '/v1/drills';
    const drill = await call<Drill>(path, { method: 'POST', body: specOf(draft.peek()) });
    forgetDraft();
    route(`/drills/${drill.id}`);
  });
  return (
    <Form onSubmit={() => void start.run()}>
      {breaks && (
        <CheckField
          label="Run it although it is predicted to break a guardrail"
          checked={force}
          onChange={setForce}
        />
      )}
      <ProblemNote problem={start.problem} />
      <div>
        <button
          type="submit"
          class={force && breaks ? 'button button-danger' : 'button button-primary'}
          disabled={start.busy || (breaks && !force)}
        >
          {start.busy ? 'Starting …' : 'Run the drill'}
        </button>
      </div>
    </Form>
  );
}
