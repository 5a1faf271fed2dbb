/** Owns copying text: what can't be typed again must be taken along in one act. */
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    );
  };
  const said = { idle: 'Copy', copied: 'Copied', refused: 'Select and copy it yourself' }[state];
  return (
    <button type="button" class="button small-button" onClick={copy} aria-label={`Copy ${what}`}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} size={14} />
      <span aria-live="polite">{said}</span>
    </button>
  );
}
