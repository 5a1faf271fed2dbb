/** Owns a drill as it was composed, as facts. */
import { type DrillSpec, kinds, scopeText } from '../../api/drills.ts';
import { percent } from '../../format/number.ts';

export function SpecFacts({ spec }: { readonly spec: DrillSpec }) {
  const { guardrails, objectives, slow, fail } = spec;
  return (
    <dl class="facts">
      <dt>Kind</dt>
      <dd>{kinds[spec.kind].title}</dd>
      <dt>Scope</dt>
      <dd>{scopeText(spec.scope)}</dd>
      {slow && (
        <>
          <dt>Slower by</dt>
          <dd>
            {slow.delay}, jitter {slow.jitter}
          </dd>
        </>
      )}
      {fail && (
        <>
          <dt>Fails</dt>
          <dd>
            {fail.percent} % with {fail.status}
          </dd>
        </>
      )}
      <dt>Ramp, duration</dt>
      <dd>
        {spec.ramp}, {spec.duration}
      </dd>
      <dt>Guardrails</dt>
      <dd>
        errors {percent(guardrails.errorRate)}, load {percent(guardrails.load)}, healthy at least{' '}
        {guardrails.minHealthy}
        {guardrails.p99 !== undefined && `, p99 ${guardrails.p99}`}, limit {guardrails.timeLimit}
      </dd>
      <dt>Objectives</dt>
      <dd>
        recovery {objectives.rto}, error budget {percent(objectives.errorBudget)}
      </dd>
    </dl>
  );
}
