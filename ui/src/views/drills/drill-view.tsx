/** Owns the view of one drill: live while it runs, its report once it is over. */
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { specRows } from '../../../../federation/drills/report-model.ts';
import { call } from '../../api/client.ts';
import { type Drill, isOver, titleOf } from '../../api/drills.ts';
import { useAction } from '../../api/use-action.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { follow } from '../../live/follow.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { draftOf } from './draft.ts';
import { composeHref } from './draft-link.ts';
import { DrillProgress } from './drill-progress.tsx';
import { DrillTraffic } from './drill-traffic.tsx';
import { Facts } from './facts.tsx';
import { PredictionFacts } from './prediction-view.tsx';
import { ReportFigures } from './report-figures.tsx';
import { ReportPanels } from './report-panels.tsx';
import { Timeline } from './timeline.tsx';

export default function DrillView() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const path = `/v1/drills/${id}`;
  const { value: drill, problem, again } = useFetched<Drill>(path, 2_000);
  const over = drill === undefined || isOver(drill);
  // Each entry of the timeline says that the drill is no longer as it was.
  useEffect(() => {
    if (over) return;
    const ignore = () => {};
    const following = follow({
      path: `${path}/timeline`,
      onEvent: again,
      onSign: ignore,
      onBroken: ignore,
    });
    return () => following.stop();
  }, [path, over]);
  const abort = useAction(async () => {
    await call(`${path}/abort`, { method: 'POST', body: {} });
    again();
  });
  const back = { href: '/drills', title: 'Drills' };
  if (drill === undefined) {
    return (
      <Page title={id} back={back}>
        <ProblemNote problem={problem} />
        {!problem && <Empty>Asking the gateway …</Empty>}
      </Page>
    );
  }
  return (
    <Page
      title={titleOf(drill)}
      back={back}
      lead={drill.spec.reason ?? `Driven by ${drill.driver.gateway} of ${drill.driver.cluster}`}
      actions={
        over ? (
          <>
            <a class="button" href={compareHref(drill)}>
              Compare
            </a>
            <a class="button" href={composeHref(draftOf(drill.spec))}>
              Run it again
            </a>
          </>
        ) : (
          <ActButton
            needs="operator"
            look="danger"
            disabled={abort.busy}
            onClick={() => void abort.run()}
          >
            Abort and revert
          </ActButton>
        )
      }
    >
      <ProblemNote problem={abort.problem} />
      <DrillProgress drill={drill} />
      {drill.report && <ReportFigures report={drill.report} />}
      <DrillTraffic drill={drill} />
      {drill.report && <ReportPanels report={drill.report} id={id} />}
      <div class="two-columns">
        <Panel id="timeline" title="Timeline">
          <Timeline drill={drill} />
        </Panel>
        <div class="stack">
          <Panel id="prediction" title="Prediction">
            <PredictionFacts prediction={drill.prediction} guardLoad={drill.spec.guardrails.load} />
          </Panel>
          {!drill.report && (
            <Panel id="spec" title="As composed">
              <Facts rows={specRows(drill.spec)} />
            </Panel>
          )}
        </div>
      </div>
    </Page>
  );
}

/** With the one like it before, where there was one. */
function compareHref({ id, report }: Drill): string {
  const before = report?.comparison?.with;
  return before === undefined ? `/drills/compare?a=${id}` : `/drills/compare?a=${before}&b=${id}`;
}
