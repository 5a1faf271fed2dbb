/** Owns how far the rotation of a root is, and which gateways it waits for. */
import type { TrustItem } from '../../../../gateway/control/api/answers.ts';
import { Badge } from '../../ui/badge.tsx';

const phases = [
  ['stable', 'Stable'],
  ['publishing', 'Publishing'],
  ['signing', 'Signing'],
] as const;

type State = TrustItem['acks'][number]['state'];

const states: Readonly<Record<State, { tone: 'ok' | 'warn' | 'info'; text: string }>> = {
  taken: { tone: 'ok', text: 'has it' },
  behind: { tone: 'warn', text: 'is behind' },
  untold: { tone: 'warn', text: 'does not say' },
  unheard: { tone: 'warn', text: 'is cut off from the registry' },
  offline: { tone: 'info', text: 'is offline' },
};

export function RotationSteps({ item }: { readonly item: TrustItem }) {
  const { phase, acks, laggards, sequence } = item;
  const at = phases.findIndex(([name]) => name === phase);
  return (
    <>
      <ol class="steps" aria-label="Rotation">
        {phases.map(([name, title], i) => (
          <li
            key={name}
            class={i < at ? 'step step-done' : 'step'}
            aria-current={i === at ? 'step' : undefined}
          >
            {title}
          </li>
        ))}
      </ol>
      <div class="acks">
        {acks.map(({ cluster, gateway, state, sequence: has }) => (
          <Badge
            key={`${cluster}/${gateway}`}
            tone={states[state].tone}
            title={`${cluster}/${gateway} verifies by sequence ${has ?? 'unknown'}, of ${sequence}`}
          >
            {cluster}/{gateway} {states[state].text}
          </Badge>
        ))}
        {acks.length === 0 && <span class="faint">Nobody else to acknowledge it.</span>}
      </div>
      {laggards.length > 0 && phase === 'publishing' && (
        <p class="hint">
          The rotation waits for {laggards.join(', ')}: nothing is signed with the new root before.
        </p>
      )}
    </>
  );
}
