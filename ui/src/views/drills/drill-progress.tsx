/** Owns how far a drill is: getting ready, ramping, in force, reverting, over; and why it ended early. */
import { type Drill, isOver } from '../../api/drills.ts';
import { span } from '../../format/time.ts';
import { now } from '../../live/clock.ts';
import { Icon } from '../../ui/icon.tsx';
import { DrillState } from './drill-state.tsx';

const steps = [
  ['pending', 'Getting ready'],
  ['running', 'In force'],
  ['reverting', 'Reverting'],
  ['done', 'Over'],
] as const;

export function DrillProgress({ drill }: { readonly drill: Drill }) {
  const over = isOver(drill);
  const at = over ? steps.length - 1 : steps.findIndex(([state]) => state === drill.state);
  return (
    <section class="progress" aria-label="Progress">
      <div class="progress-head">
        <DrillState drill={drill} />
        <p role="status" class="num">
          {words(drill)}
        </p>
      </div>
      <ol class="steps steps-wide" aria-label="Steps">
        {steps.map(([state, title], i) => (
          <li
            key={state}
            class={i < at ? 'step step-done' : 'step'}
            aria-current={i === at ? 'step' : undefined}
          >
            {title}
          </li>
        ))}
      </ol>
      {drill.abortedBy && (
        <p class="note-warn">
          <Icon name="warning" /> Aborted by {abortWords[drill.abortedBy.kind]}:{' '}
          {drill.abortedBy.what}
        </p>
      )}
      {drill.refusal !== undefined && (
        <p class="note-warn">
          <Icon name="warning" /> Refused: {drill.refusal}
        </p>
      )}
    </section>
  );
}

const abortWords = {
  guardrail: 'a guardrail',
  operator: 'an operator',
  'driver-lost': 'the loss of its driver',
  'registry-lost': 'the loss of the registry',
} as const;

function words({ state, startedAt, endsAt, endedAt, createdAt }: Drill): string {
  const at = now.value;
  if (endedAt !== undefined) return `took ${span(endedAt - (startedAt ?? createdAt))}`;
  if (state === 'pending') return 'every gateway gets ready, and what is normal is measured';
  if (isOver({ state })) return '';
  if (state === 'reverting') return 'the effect goes, and load comes back';
  if (endsAt !== undefined && endsAt > at) return `${span(endsAt - at)} until it reverts by itself`;
  return '';
}
