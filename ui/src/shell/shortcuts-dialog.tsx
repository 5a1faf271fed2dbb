/** Owns the list of shortcuts, shown under `?`. */
import { Dialog } from '../ui/dialog.tsx';
import { CheckField } from '../ui/field.tsx';
import { helpOpen, setShortcuts, shortcuts, shortcutsOn } from './shortcuts.ts';

export function ShortcutsDialog() {
  return (
    <Dialog
      title="Keyboard shortcuts"
      open={helpOpen.value}
      onClose={() => {
        helpOpen.value = false;
      }}
    >
      <dl class="keys">
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        label="Single keys are shortcuts"
        checked={shortcutsOn.value}
        onChange={setShortcuts}
      />
    </Dialog>
  );
}
