/** Owns composing a drill: what to fail, within which rails, and beside it what is predicted to happen. */
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { type DrillKind, kinds } from '../../api/drills.ts';
import { Page, Panel } from '../../ui/page.tsx';
import { draft, setDraft } from './draft.ts';
import { KindChoice } from './kind-choice.tsx';
import { PredictionView } from './prediction-view.tsx';
import { RailFields } from './rail-fields.tsx';
import { RunPanel } from './run-panel.tsx';
import { ScopeFields } from './scope-fields.tsx';
import { usePrediction } from './use-prediction.ts';

export default function ComposeView() {
  const { query } = useLocation();
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
  return (
    <Page
      title="New drill"
      back={{ href: '/drills', title: 'Drills' }}
      lead="Compose it, see what is predicted, run it. Every gateway holds its own deadline, so nothing stays on."
    >
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
          <RunPanel prediction={prediction.value} />
        </div>
      </div>
    </Page>
  );
}
