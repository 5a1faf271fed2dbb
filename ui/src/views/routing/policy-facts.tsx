/** Owns the balancing policy in force as facts. */
import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { ms } from '../../format/number.ts';

export function PolicyFacts({ policy }: { readonly policy: ExplainAnswer['policy'] }) {
  const { failback, retry } = policy;
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
      <dd>{orderOf(policy)}</dd>
      <dt>Failover</dt>
      <dd>
        {policy.failover === 'by-capacity'
          ? 'what a tier can’t carry'
          : 'all, once none is healthy'}
      </dd>
    </dl>
  );
}

function orderOf({ order, clusterOrder, clusterWeights }: ExplainAnswer['policy']): string {
  const listed = clusterOrder.length > 0 ? clusterOrder.join(', ') : 'region, then round trip';
  const how = order === 'listed' ? listed : order === 'rtt' ? 'round trip' : `cost, then ${listed}`;
  const shared = clusterWeights.map(({ cluster, weight }) => `${cluster} ${weight}`);
  return shared.length === 0 ? how : `${how}; together: ${shared.join(', ')}`;
}
