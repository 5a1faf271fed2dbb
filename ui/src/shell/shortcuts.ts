/** Owns the keyboard's shortcuts: single keys, never while something is typed, and they can be turned off (WCAG 2.1.4). */
import { signal } from '@preact/signals';
import { views } from '../views.ts';

interface Shortcut {
  readonly keys: string;
  readonly does: string;
}

const key = 'isthmus.shortcuts';
/** How long `g` waits for its second key. */
const chordMs = 1_500;

export const shortcutsOn = signal(localStorage.getItem(key) !== 'off');
export const helpOpen = signal(false);

export const shortcuts: readonly Shortcut[] = [
  { keys: '?', does: 'Show this list' },
  { keys: '/', does: 'Go to the filter' },
  { keys: 'j', does: 'Next row with a link' },
  { keys: 'k', does: 'Previous row with a link' },
  { keys: 'Esc', does: 'Close a dialog, clear a filter' },
  ...views.map(({ key: second, title }) => ({ keys: `g ${second}`, does: `Go to ${title}` })),
];

export function setShortcuts(on: boolean): void {
  shortcutsOn.value = on;
  localStorage.setItem(key, on ? 'on' : 'off');
}

/** `go` leads to a path. Returns what stops it. */
export function listenForShortcuts(go: (path: string) => void): () => void {
  let chordUntil = 0;
  const onKey = (event: KeyboardEvent) => {
    if (!shortcutsOn.peek() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const inChord = event.timeStamp < chordUntil;
    chordUntil = 0;
    const view = inChord ? views.find(({ key: second }) => second === event.key) : undefined;
    if (view) go(view.href);
    else if (event.key === 'g') chordUntil = event.timeStamp + chordMs;
    else if (event.key === '?') helpOpen.value = true;
    else if (event.key === '/') document.querySelector<HTMLElement>('[data-filter]')?.focus();
    else if (event.key === 'j' || event.key === 'k') moveRow(event.key === 'j' ? 1 : -1);
    else return;
    if (event.key !== 'g') event.preventDefault();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function moveRow(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('main tbody tr a')].filter(
    (link, i, all) => i === 0 || link.closest('tr') !== all[i - 1]?.closest('tr'),
  );
  const row = document.activeElement?.closest('tr');
  const at = links.findIndex((link) => link.closest('tr') === row);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}
