/** Owns the box that a list is filtered by; `/` leads to it from anywhere in the view. */
import { Icon } from './icon.tsx';

export function FilterBox({
  label,
  value,
  columns,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  /** Names that `name:word` looks in. */
  readonly columns: readonly string[];
  readonly onChange: (text: string) => void;
}) {
  return (
    <label class="filter">
      <Icon name="search" />
      <span class="visually-hidden">{label}</span>
      <input
        type="search"
        class="filter-input"
        data-filter
        placeholder="Filter"
        title={`Words, column:word or -word. Columns: ${columns.join(', ')}`}
        spellcheck={false}
        autocomplete="off"
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') {
            event.stopPropagation();
            onChange('');
          }
        }}
      />
    </label>
  );
}
