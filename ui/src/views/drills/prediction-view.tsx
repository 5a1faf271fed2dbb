/** Owns a drill's prediction on screen: the load of each cluster against its capacity, and the guardrails it would break. */
import type { Prediction } from '../../api/drills.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { Badge } from '../../ui/badge.tsx';
import { Empty } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import type { PredictionState } from './use-prediction.ts';

export function PredictionView({
  fetched,
  guardLoad,
}: {
  readonly fetched: PredictionState;
  readonly guardLoad: number;
}) {
  const { value, problem, asked } = fetched;
  if (!asked) return <Empty>Say where it strikes, and this shows what it would do.</Empty>;
  if (problem) return <ProblemNote problem={problem} />;
  if (value === undefined) return <Empty>Asking the gateway …</Empty>;
  return <PredictionFacts prediction={value} guardLoad={guardLoad} />;
}

export function PredictionFacts({
  prediction,
  guardLoad,
}: {
  readonly prediction: Prediction;
  readonly guardLoad: number;
}) {
  const { clusters, concern, breaks, notes, errorRate, p99Ms, fewestHealthy, measured, unknown } =
    prediction;
  const most = Math.max(...clusters.flatMap(({ before, after }) => [before, after]), 0);
  return (
    <div class="stack">
      <ul class="prediction">
        {clusters.map((cluster) => (
          <li key={cluster.cluster}>
            <PredictedCluster
              prediction={cluster}
              measured={measured && most > 0}
              scale={most}
              guardLoad={guardLoad}
            />
          </li>
        ))}
      </ul>
      <dl class="facts">
        <dt>Counted</dt>
        <dd>{concern.what}</dd>
        <dt>Errors</dt>
        <dd class="num">{percent(errorRate)}</dd>
        {p99Ms !== undefined && (
          <>
            <dt>p99</dt>
            <dd class="num">{ms(p99Ms)}</dd>
          </>
        )}
        {fewestHealthy && (
          <>
            <dt>Fewest healthy</dt>
            <dd class="num">
              {fewestHealthy.healthy} of {fewestHealthy.service}
            </dd>
          </>
        )}
      </dl>
      {breaks.length === 0 ? (
        <p class="all-well">
          {unknown.length > 0 ? (
            <Badge tone="warn">not all traffic is known: loads may be greater</Badge>
          ) : measured ? (
            <Badge tone="ok">within every guardrail</Badge>
          ) : (
            <Badge tone="warn">no traffic was measured: loads are not judged</Badge>
          )}
        </p>
      ) : (
        <ul class="attention">
          {breaks.map(({ guardrail, what }) => (
            <li key={`${guardrail} ${what}`}>
              <Badge tone="bad">{guardrail}</Badge> {what}
            </li>
          ))}
        </ul>
      )}
      {notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
    </div>
  );
}

function PredictedCluster({
  prediction,
  measured,
  scale,
  guardLoad,
}: {
  readonly prediction: Prediction['clusters'][number];
  readonly measured: boolean;
  readonly scale: number;
  readonly guardLoad: number;
}) {
  const { cluster, before, after, shareBefore, shareAfter, capacity, loadAfter } = prediction;
  const top = capacity ?? scale;
  const part = (value: number, share: number) =>
    `${Math.min(100, measured && top > 0 ? (100 * value) / top : 100 * share)}%`;
  const over = loadAfter !== undefined && loadAfter > guardLoad;
  const words = (value: number, share: number) => (measured ? `${rate(value)}/s` : percent(share));
  return (
    <div class={over ? 'predicted predicted-over' : 'predicted'}>
      <p class="predicted-head">
        <strong>{cluster}</strong>
        <span class="num">
          {words(before, shareBefore)} <span aria-hidden="true">→</span>
          <span class="visually-hidden">then</span> <strong>{words(after, shareAfter)}</strong>
          {capacity !== undefined && <span class="faint"> of {rate(capacity)}/s</span>}
        </span>
      </p>
      <div class="predicted-track" aria-hidden="true">
        <span class="predicted-after" style={{ inlineSize: part(after, shareAfter) }} />
        <span class="predicted-before" style={{ insetInlineStart: part(before, shareBefore) }} />
      </div>
    </div>
  );
}
