/** Owns a drill's state, and how it ended, as a badge. */
import type { DrillSummary } from '../../api/drills.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';

const tones: Readonly<Record<DrillSummary['state'], Tone>> = {
  pending: 'info',
  running: 'spill',
  reverting: 'warn',
  done: 'ok',
  aborted: 'warn',
  refused: 'bad',
};

export function DrillState({ drill }: { readonly drill: Pick<DrillSummary, 'state' | 'outcome'> }) {
  return (
    <span class="chips">
      <Badge tone={tones[drill.state]}>{drill.state}</Badge>
      {drill.outcome !== undefined && (
        <Badge tone={drill.outcome === 'passed' ? 'ok' : 'bad'}>{drill.outcome}</Badge>
      )}
    </span>
  );
}
