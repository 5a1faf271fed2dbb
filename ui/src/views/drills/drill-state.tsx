/** Owns a drill's state, and how it ended, as a badge. */
import type { DrillSummary } from '../../api/drills.ts';
import { Badge } from '../../ui/badge.tsx';
import type { Tone } from '../../ui/tone.ts';

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
