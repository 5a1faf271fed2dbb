/** Owns copying text: what can't be typed again must be taken along in one act. */
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** The thing that is copied, for readers who can't see what stands beside the button. */
  readonly what: string;
  /** The button's text; default `Copy`. */
  readonly label?: string;
}

export function CopyButton({ text, what, label = 'Copy' }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    );
  };
  const said = { idle: label, copied: 'Copied', refused: 'Select and copy it yourself' }[state];
  return (
    <button type="button" class="button small-button" onClick={copy} aria-label={`Copy ${what}`}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} size={14} />
      <span aria-live="polite">{said}</span>
    </button>
  );
}
