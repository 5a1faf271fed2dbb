/** Owns how it is told whether a policy is in force, and what is doubtful about it. */
import { Badge } from '../../ui/badge.tsx';
import { Icon } from '../../ui/icon.tsx';

export function Standing({
  inForce,
  reason,
}: {
  readonly inForce: boolean;
  readonly reason?: string | undefined;
}) {
  return (
    <span class="two-lines">
      <span>
        <Badge tone={inForce ? 'ok' : 'warn'}>{inForce ? 'in force' : 'not in force'}</Badge>
      </span>
      {reason !== undefined && <span class="faint">{reason}.</span>}
    </span>
  );
}

export function Warnings({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      {of.map((warning) => (
        <p key={warning} class="note-warn">
          <Icon name="warning" />
          <span>{warning}.</span>
        </p>
      ))}
    </>
  );
}
