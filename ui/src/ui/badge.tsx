/** Owns a state as a badge: a colour that means something, and always a shape and a word beside it. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';
import type { Tone } from './tone.ts';

const icons: Readonly<Record<Tone, IconName | undefined>> = {
  ok: 'check',
  warn: 'warning',
  bad: 'cross',
  info: 'info',
  quiet: undefined,
  spill: 'traffic',
};

export function Badge({
  tone,
  children,
  title,
}: {
  readonly tone: Tone;
  readonly children: ComponentChildren;
  readonly title?: string | undefined;
}) {
  const icon = icons[tone];
  return (
    <span class={`badge badge-${tone}`} title={title}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}
