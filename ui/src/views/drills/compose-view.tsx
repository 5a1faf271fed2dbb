/** Owns composing a drill: what to fail, within which rails, and beside it what is predicted to happen. */
import { useEffect } from 'preact/hooks';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { useQuery } from '../../url/use-query.ts';
import { blank, draft, setDraft } from './draft.ts';
import { RailFields, ScopeFields } from './draft-fields.tsx';
import { composeHref, draftFrom, freshParameter } from './draft-link.ts';
import { KindChoice } from './kind-choice.tsx';
import { PredictionView } from './prediction-view.tsx';
import { RunPanel } from './run-panel.tsx';
import { useEditedSchedule } from './use-edited-schedule.ts';
import { usePrediction } from './use-prediction.ts';

export default function ComposeView() {
  const { values, set } = useQuery();
  const { edit } = values;
  // A link here may say what to drill.
  useEffect(() => {
    const isFresh = values[freshParameter] !== undefined;
    setDraft({ ...(isFresh && blank), ...draftFrom(values) });
    if (isFresh) set({ [freshParameter]: undefined });
  }, [values]);
  const editing = useEditedSchedule(edit);
  const written = draft.value;
  const prediction = usePrediction(written);
  return (
    <Page
      title={edit === undefined ? 'New drill' : `Schedule ${edit}`}
      back={
        edit === undefined
          ? { href: '/drills', title: 'Drills' }
          : { href: '/drills/schedules', title: 'Schedules' }
      }
      actions={
        edit === undefined && (
          <CopyButton
            text={location.origin + composeHref(written)}
            what="link to this drill"
            label="Copy link"
          />
        )
      }
      lead="Compose it, see what is predicted, run it. Every gateway holds its own deadline, so nothing stays on."
    >
      <ProblemNote problem={editing.problem} />
      <div class="compose-layout">
        <div class="stack">
          <Panel id="kind" title="What fails">
            <KindChoice value={written.kind} onChange={(kind) => setDraft({ kind })} />
            <ScopeFields written={written} onChange={setDraft} />
          </Panel>
          <Panel
            id="rails"
            title="Guardrails and objectives"
            lead="A guardrail that is reached reverts the drill at once. Objectives decide whether it passed."
          >
            <RailFields written={written} onChange={setDraft} />
          </Panel>
        </div>
        <div class="stack sticky">
          <Panel
            id="prediction"
            title="Prediction"
            lead="By the code that routes, on what is known now."
          >
            <PredictionView fetched={prediction} guardLoad={Number(written.load) / 100} />
          </Panel>
          <RunPanel prediction={prediction.value} editing={editing} />
        </div>
      </div>
    </Page>
  );
}
