/** Owns the balancing policy in force as facts. */
import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { ms } from '../../format/number.ts';

export function PolicyFacts({ policy }: { readonly policy: ExplainAnswer['policy'] }) {
  const { failback, retry, clusterOrder } = policy;
  return (
    <dl class="facts">
      <dt>Algorithm</dt>
      <dd>{policy.algorithm}</dd>
      <dt>Overprovisioning</dt>
      <dd class="num">{policy.overprovisioningFactor}</dd>
      <dt>Panic under</dt>
      <dd class="num">{policy.panicThreshold} %</dd>
      <dt>Failback</dt>
      <dd class="num">
        holds {ms(failback.holdMs)}, ramps {ms(failback.rampMs)}
      </dd>
      <dt>Retries</dt>
      <dd class="num">
        {retry.maxTries} tries, {retry.budgetPercent} % budget
      </dd>
      <dt>Cluster order</dt>
      <dd>{clusterOrder.length > 0 ? clusterOrder.join(', ') : 'region, then round trip'}</dd>
    </dl>
  );
}
