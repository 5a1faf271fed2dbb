/** Owns a balancing decision as a list of tiers: load as a bar, the reason in words, the candidates beneath. */
import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { healthOf } from '../../format/health.ts';
import { ms } from '../../format/number.ts';
import { clusters } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import { HealthBar } from '../../ui/health-bar.tsx';
import { Empty } from '../../ui/page.tsx';

type ExplainedTier = ExplainAnswer['tiers'][number];
type Candidate = ExplainAnswer['candidates'][number];

interface TierListProps {
  readonly explanation: ExplainAnswer;
  /** Loads to show instead of the decision's own, and healthy counts imagined, by tier. */
  readonly imagined?: readonly { readonly load: number; readonly healthy: number }[] | undefined;
}

export function TierList({ explanation, imagined }: TierListProps) {
  const { tiers, candidates } = explanation;
  if (tiers.length === 0) return <Empty>There is no copy of it anywhere.</Empty>;
  return (
    <ol class="tiers">
      {tiers.map((tier, i) => (
        <TierItem
          key={tier.name}
          tier={tier}
          candidates={candidates.filter((candidate) => candidate.tier === i)}
          imagined={imagined?.[i]}
        />
      ))}
    </ol>
  );
}

function TierItem({
  tier,
  candidates,
  imagined,
}: {
  readonly tier: ExplainedTier;
  readonly candidates: readonly Candidate[];
  readonly imagined: { readonly load: number; readonly healthy: number } | undefined;
}) {
  const actual = tier.healthyLoad + tier.degradedLoad;
  const load = imagined?.load ?? actual;
  const healthy = imagined?.healthy ?? tier.healthy;
  // What is imagined is known.
  const unknownSince = imagined ? undefined : clusters.get(tier.cluster)?.unknownSince;
  const spills = tier.kind === 'cluster' && load > 0;
  return (
    <li
      class={`tier tier-${tier.kind}${load === 0 ? ' tier-idle' : ''}${spills ? ' tier-spill' : ''}`}
    >
      <div class="tier-head">
        <h3>{tier.name}</h3>
        {tier.panic && <Badge tone="bad">panic</Badge>}
        {spills && <Badge tone="spill">spill-over</Badge>}
        <HealthBar health={healthOf({ healthy, total: tier.total, unknownSince })} />
        <span class="tier-load num">
          {load} %{imagined && load !== actual && <span class="faint"> now {actual} %</span>}
        </span>
      </div>
      <div class="load-track" aria-hidden="true">
        <span class="load-fill" style={{ inlineSize: `${load}%` }} />
        {imagined && load !== actual && (
          <span class="load-now" style={{ insetInlineStart: `${actual}%` }} />
        )}
      </div>
      {imagined === undefined && <p class="tier-reason">{tier.reason}</p>}
      {imagined === undefined && (
        <ul class="candidates">
          {candidates.map((candidate) => (
            <CandidateItem
              key={`${candidate.endpoint ?? ''} ${candidate.region} ${candidate.zone}`}
              candidate={candidate}
              reason={tier.reason}
            />
          ))}
        </ul>
      )}
    </li>
  );
}

function CandidateItem({
  candidate,
  reason,
}: {
  readonly candidate: Candidate;
  readonly reason: string;
}) {
  const { endpoint, address, region, zone, share, health, rttMs, ejected, link, stale } = candidate;
  const ill = health !== 'healthy' && endpoint !== undefined;
  return (
    <li>
      <span class="candidate-name">
        {endpoint ?? `${region} / ${zone}`}
        {address !== undefined && <span class="faint mono"> {address}</span>}
      </span>
      <span class="chips">
        {ill ? <Badge tone="bad">{health}</Badge> : <span class="faint">{health}</span>}
        {ejected && <Badge tone="bad">ejected</Badge>}
        {link !== null && link !== 'up' && <Badge tone="bad">{`link ${link}`}</Badge>}
        {stale && <Badge tone="warn">stale</Badge>}
        {rttMs !== null && <span class="faint num">{ms(rttMs)}</span>}
      </span>
      {candidate.reason !== reason && <span class="candidate-reason">{candidate.reason}</span>}
      <span class="candidate-share num">{share} %</span>
    </li>
  );
}
