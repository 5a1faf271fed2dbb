/** Owns a button that does something: users whose role forbids it are told so in its place, by sight, keys and screen reader. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Role } from '../../../gateway/control/roles.ts';
import { whyNot } from '../api/session.ts';

interface ActButtonProps {
  /** Least role that may. */
  readonly needs: Role;
  readonly look?: keyof typeof looks;
  /** Submits its form where there is nothing to do on a click. */
  readonly onClick?: () => void;
  readonly disabled?: boolean;
  /** What it does, where its text alone doesn't say. */
  readonly label?: string;
  readonly children: ComponentChildren;
}

const looks = {
  plain: 'button',
  primary: 'button button-primary',
  danger: 'button button-danger',
  small: 'button small-button',
} as const;

export function ActButton(props: ActButtonProps) {
  const { needs, look = 'plain', onClick, disabled, label, children } = props;
  const id = useId();
  const reason = whyNot(needs);
  return (
    <span class="act">
      {/* Not `disabled` for want of a role: what can't have the focus can't say why. */}
      <button
        type={onClick === undefined ? 'submit' : 'button'}
        class={looks[look]}
        disabled={reason === undefined && disabled}
        aria-disabled={reason === undefined ? undefined : 'true'}
        aria-describedby={reason === undefined ? undefined : id}
        aria-label={label}
        onClick={(event) => {
          if (reason === undefined) onClick?.();
          else event.preventDefault();
        }}
      >
        {children}
      </button>
      {reason !== undefined && (
        <span id={id} class="act-why" role="tooltip">
          {reason}
        </span>
      )}
    </span>
  );
}
