/** Owns the field in which a policy is typed: its lines are numbered, and those with a fault are marked. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Fault } from './use-judgement.ts';

interface CodeAreaProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly faults: readonly Fault[];
  /** The element that tells the faults. */
  readonly describedBy: string;
  /** Put here once it is there, for what leads to a line. */
  readonly area: { current: HTMLTextAreaElement | null };
}

export function CodeArea({ label, value, onChange, faults, describedBy, area }: CodeAreaProps) {
  const gutter = useRef<HTMLOListElement>(null);
  const follow = () => {
    if (gutter.current && area.current) gutter.current.scrollTop = area.current.scrollTop;
  };
  useLayoutEffect(follow);
  const faulty = new Set(faults.map(({ line }) => line));
  const count = value.split('\n').length;
  return (
    <div class="code-area">
      <ol ref={gutter} class="code-lines" aria-hidden="true">
        {Array.from({ length: count }, (_, i) => (
          <li key={i} class={faulty.has(i + 1) ? 'code-line-faulty' : undefined}>
            {i + 1}
          </li>
        ))}
      </ol>
      <textarea
        ref={area}
        class="mono"
        aria-label={label}
        aria-invalid={faults.length > 0}
        aria-describedby={describedBy}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        wrap="off"
        rows={26}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
        onScroll={follow}
      />
    </div>
  );
}

/** Puts the caret where a fault is. */
export function goTo(area: HTMLTextAreaElement | null, { line, column }: Fault): void {
  if (area === null) return;
  const lines = area.value.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const at = Math.min(before + column - 1, area.value.length);
  area.focus();
  area.setSelectionRange(at, at);
  area.scrollTop = (area.scrollHeight / Math.max(1, lines.length)) * Math.max(0, line - 4);
}
