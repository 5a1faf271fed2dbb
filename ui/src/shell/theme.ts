/** Owns light and dark: what the system prefers, unless the reader chose. */
import { computed, effect, signal } from '@preact/signals';

type Theme = 'light' | 'dark';
export type ThemeChoice = Theme | 'auto';

const key = 'isthmus.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

const system = signal<Theme>(dark.matches ? 'dark' : 'light');
export const themeChoice = signal<ThemeChoice>(storedChoice());
export const shownTheme = computed<Theme>(() =>
  themeChoice.value === 'auto' ? system.value : themeChoice.value,
);

export function startTheme(): void {
  dark.addEventListener('change', () => {
    system.value = dark.matches ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.dataset['theme'] = shownTheme.value;
    localStorage.setItem(key, themeChoice.value);
  });
}

function storedChoice(): ThemeChoice {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}
