/** Owns the end of composing a drill: run it now, or have it run by the calendar. */
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import type { Drill, Prediction } from '../../api/drills.ts';
import { useAction } from '../../api/use-action.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { CheckField, SelectField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { useQuery } from '../../url/use-query.ts';
import { ConfirmRun } from './confirm-run.tsx';
import { draft, forgetDraft, specOf } from './draft.ts';
import { brokenIn, type Limits, OverrideFields, overridesOf } from './draft-fields.tsx';
import { ScheduleFields } from './schedule-fields.tsx';
import type { EditedSchedule } from './use-edited-schedule.ts';

interface RunPanelProps {
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
  const [asking, setAsking] = useState(false);
  const [limits, setLimits] = useState<Limits>({});
  const broken = brokenIn(prediction);
  const forced = force && broken.length > 0;
  const overrides = forced ? overridesOf(broken, limits) : {};
  const start = useAction(async () => {
    const spec = specOf(draft.peek());
    const drill = forced
      ? await call<Drill>('/v1/drills?force=true', { method: 'POST', body: { ...spec, overrides } })
      : await call<Drill>('/v1/drills', { method: 'POST', body: spec });
    forgetDraft();
    route(`/drills/${drill.id}`);
  });
  return (
    <Form onSubmit={() => setAsking(true)}>
      {broken.length > 0 && (
        <CheckField
          label="Run it although it is predicted to break a guardrail: that guardrail does not hold then, and another limit does"
          checked={force}
          onChange={setForce}
        />
      )}
      {forced && (
        <OverrideFields
          broken={broken}
          limits={limits}
          onChange={(limit) => setLimits({ ...limits, ...limit })}
        />
      )}
      <ProblemNote problem={start.problem} />
      <div>
        <ActButton
          needs="operator"
          look={forced ? 'danger' : 'primary'}
          disabled={start.busy || (broken.length > 0 && !forced) || overrides === undefined}
        >
          {start.busy ? 'Starting …' : 'Run the drill'}
        </ActButton>
      </div>
      <ConfirmRun
        open={asking}
        prediction={prediction}
        onAnswer={(yes) => {
          setAsking(false);
          if (yes) void start.run();
        }}
      />
    </Form>
  );
}
