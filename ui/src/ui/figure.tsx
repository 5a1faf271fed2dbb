/** Owns a key figure: one number large enough to read across a room, and what it is. */
import type { ComponentChildren } from 'preact';
import type { Tone } from './tone.ts';

export function Figure({
  label,
  value,
  note,
  tone = 'quiet',
}: {
  readonly label: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly tone?: Tone;
}) {
  return (
    <div class={`figure figure-${tone}`}>
      <dt>{label}</dt>
      <dd class="figure-value">{value}</dd>
      {note !== undefined && <dd class="figure-note">{note}</dd>}
    </div>
  );
}

export function Figures({ children }: { readonly children: ComponentChildren }) {
  return <dl class="figures">{children}</dl>;
}
