/** Owns the switch between the system's theme, light and dark. */
import { Icon, type IconName } from '../ui/icon.tsx';
import { type ThemeChoice, themeChoice } from './theme.ts';

const choices: readonly (readonly [ThemeChoice, string, IconName])[] = [
  ['auto', 'As the system', 'auto'],
  ['light', 'Light', 'sun'],
  ['dark', 'Dark', 'moon'],
];

export function ThemeToggle() {
  return (
    <fieldset class="segments segments-rail">
      <legend class="visually-hidden">Theme</legend>
      {choices.map(([choice, title, icon]) => (
        <button
          key={choice}
          type="button"
          class="segment"
          aria-label={title}
          title={title}
          aria-pressed={themeChoice.value === choice}
          onClick={() => {
            themeChoice.value = choice;
          }}
        >
          <Icon name={icon} size={14} />
        </button>
      ))}
    </fieldset>
  );
}
