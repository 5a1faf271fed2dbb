/** Owns the controls of what-if: clusters imagined lost, and how healthy the others are imagined. */
import type { ClusterItem, ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { Panel } from '../../ui/page.tsx';
import type { QueryPatch } from '../../url/use-query.ts';
import { formatHealth } from './what-if.ts';

interface WhatIfProps {
  readonly clusters: readonly ClusterItem[];
  readonly without: readonly string[];
  /** Percent by cluster. */
  readonly health: ReadonlyMap<string, number>;
  readonly explanation: ExplainAnswer | undefined;
  readonly onChange: (patch: QueryPatch) => void;
}

export function WhatIf({ clusters, without, health, explanation, onChange }: WhatIfProps) {
  const touched = without.length > 0 || health.size > 0;
  const exclude = (cluster: string, lost: boolean) =>
    onChange({
      without: (lost ? [...without, cluster] : without.filter((name) => name !== cluster)).join(
        ',',
      ),
    });
  const setHealth = (cluster: string, percent: number) =>
    onChange({ health: formatHealth(new Map([...health, [cluster, percent]])) });
  return (
    <Panel
      id="what-if"
      title="What if"
      actions={
        touched && (
          <button
            type="button"
            class="button small-button"
            onClick={() => onChange({ without: undefined, health: undefined })}
          >
            As it is
          </button>
        )
      }
    >
      <ul class="what-if">
        {[...clusters]
          .sort((a, b) => a.cluster.localeCompare(b.cluster, 'en'))
          .map(({ cluster }) => (
            <li key={cluster}>
              <Condition
                cluster={cluster}
                lost={without.includes(cluster)}
                actual={actualHealth(explanation, cluster)}
                imagined={health.get(cluster)}
                onLost={(lost) => exclude(cluster, lost)}
                onHealth={(percent) => setHealth(cluster, percent)}
              />
            </li>
          ))}
      </ul>
    </Panel>
  );
}

function Condition({
  cluster,
  lost,
  actual,
  imagined,
  onLost,
  onHealth,
}: {
  readonly cluster: string;
  readonly lost: boolean;
  readonly actual: number | undefined;
  readonly imagined: number | undefined;
  readonly onLost: (lost: boolean) => void;
  readonly onHealth: (percent: number) => void;
}) {
  const percent = imagined ?? actual ?? 0;
  const id = `health-${cluster}`;
  return (
    <fieldset class="condition">
      <legend>{cluster}</legend>
      <label class="check-field condition-lost">
        <input
          type="checkbox"
          checked={lost}
          onChange={(event) => onLost(event.currentTarget.checked)}
        />
        <span>lost</span>
      </label>
      <label for={id} class="condition-label">
        healthy
        <output class="num" for={id}>
          {percent} %
          {imagined !== undefined && imagined !== actual && (
            <span class="faint"> now {actual ?? 0} %</span>
          )}
        </output>
      </label>
      <input
        id={id}
        type="range"
        min="0"
        max="100"
        step="5"
        value={percent}
        disabled={lost || actual === undefined}
        aria-label={`${cluster}: percent healthy`}
        onInput={(event) => onHealth(Number(event.currentTarget.value))}
      />
    </fieldset>
  );
}

/** Percent of the cluster's hosts that are healthy now; undefined when it has none. */
function actualHealth(explanation: ExplainAnswer | undefined, cluster: string): number | undefined {
  const tiers = explanation?.tiers.filter((tier) => tier.cluster === cluster) ?? [];
  const total = tiers.reduce((sum, tier) => sum + tier.total - tier.excluded, 0);
  const healthy = tiers.reduce((sum, tier) => sum + tier.healthy, 0);
  return total === 0 ? undefined : Math.round((100 * healthy) / total);
}
