/** Owns composing a drill: what to fail, within which rails, and beside it what is predicted to happen. */

import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import type { Drill, DrillKind } from '../../api/drills.ts';
import { kinds } from '../../api/drills.ts';
import { useAction } from '../../api/use-action.ts';
import { CheckField } from '../../ui/field.tsx';
import { Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { draft, forgetDraft, setDraft, specOf } from './draft.ts';
import { KindChoice } from './kind-choice.tsx';
import { PredictionView } from './prediction-view.tsx';
import { RailFields } from './rail-fields.tsx';
import { ScopeFields } from './scope-fields.tsx';
import { usePrediction } from './use-prediction.ts';

export default function ComposeView() {
  const { query, route } = useLocation();
  const [force, setForce] = useState(false);
  // A link here may say what to drill.
  useEffect(() => {
    const { kind = '', cluster, service, ramp, duration } = query;
    setDraft({
      ...(kind in kinds && { kind: kind as DrillKind }),
      ...(cluster && { cluster, target: service ? 'service-in-cluster' : 'cluster' }),
      ...(service && { service, ...(!cluster && { target: 'service' }) }),
      ...(ramp && { ramp }),
      ...(duration && { duration }),
    });
  }, [query]);
  const written = draft.value;
  const prediction = usePrediction(written);
  const breaks = prediction.value?.breaks ?? [];
  const start = useAction(async () => {
    const path = force && breaks.length > 0 ? '/v1/drills?force=true' : '/v1/drills';
    const drill = await call<Drill>(path, { method: 'POST', body: specOf(draft.peek()) });
    forgetDraft();
    route(`/drills/${drill.id}`);
  });
  return (
    <Page
      title="New drill"
      back={{ href: '/drills', title: 'Drills' }}
      lead="Compose it, see what is predicted, run it. Every gateway holds its own deadline, so nothing stays on."
    >
      <form
        class="compose-layout"
        onSubmit={(event) => {
          event.preventDefault();
          void start.run();
        }}
      >
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
          <Panel id="run" title="Run">
            {breaks.length > 0 && (
              <CheckField
                label="Run it although it is predicted to break a guardrail"
                checked={force}
                onChange={setForce}
              />
            )}
            <ProblemNote problem={start.problem} />
            <button
              type="submit"
              class={force && breaks.length > 0 ? 'button button-danger' : 'button button-primary'}
              disabled={start.busy || (breaks.length > 0 && !force)}
            >
              {start.busy ? 'Starting …' : 'Run the drill'}
            </button>
          </Panel>
        </div>
      </form>
    </Page>
  );
}
