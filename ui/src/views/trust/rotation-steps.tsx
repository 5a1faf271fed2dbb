/** Owns how far the rotation of a root is, and which clusters it waits for. */
import type { TrustItem } from '../../../../gateway/control/api/answers.ts';
import { Badge } from '../../ui/badge.tsx';

const phases = [
  ['stable', 'Stable'],
  ['publishing', 'Publishing'],
  ['signing', 'Signing'],
  ['retiring', 'Retiring'],
] as const;

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
        {acks.map((ack) => (
          <Badge
            key={ack.cluster}
            tone={ack.sequence >= sequence ? 'ok' : 'warn'}
            title={`${ack.cluster} believes sequence ${ack.sequence} of ${sequence}`}
          >
            {ack.cluster} {ack.sequence >= sequence ? 'has it' : 'is behind'}
          </Badge>
        ))}
        {laggards
          .filter((name) => !acks.some(({ cluster }) => cluster === name))
          .map((name) => (
            <Badge key={name} tone="warn">
              {name} has not answered
            </Badge>
          ))}
        {acks.length === 0 && laggards.length === 0 && (
          <span class="faint">Nobody else to acknowledge it.</span>
        )}
      </div>
      {laggards.length > 0 && phase !== 'stable' && (
        <p class="hint">
          The rotation waits for {laggards.join(', ')}: nothing is signed with the new root before.
        </p>
      )}
    </>
  );
}
