/** Owns form fields: a label, the control, and beneath it a hint or why what was typed won't do. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** Why the value won't do. */
  readonly error?: string | undefined;
}

interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly mono?: boolean;
  readonly rows?: number;
  /** Hides the text from those who look over the shoulder. */
  readonly secret?: boolean;
  /** The field has the focus when its dialog opens. */
  readonly first?: boolean;
}

export function TextField(props: TextFieldProps) {
  const { label, hint, error, value, onChange, placeholder, required } = props;
  const { mono, rows, secret, first } = props;
  const id = useId();
  const shared = {
    id,
    value,
    placeholder,
    required,
    spellcheck: false,
    autocomplete: 'off',
    autofocus: first,
    class: mono ? 'mono' : undefined,
    'aria-invalid': error !== undefined,
    'aria-describedby': `${id}-hint`,
    onInput: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows !== undefined ? (
        <textarea rows={rows} {...shared} />
      ) : secret ? (
        <input type="password" {...shared} />
      ) : (
        <input type="text" {...shared} />
      )}
      <Hint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

interface SelectFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [value: string, title: string])[];
}

export function SelectField(props: SelectFieldProps) {
  const { label, hint, error, value, onChange, options } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map(([option, title]) => (
          <option key={option} value={option}>
            {title}
          </option>
        ))}
      </select>
      <Hint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

interface ChoiceFieldProps extends Omit<SelectFieldProps, 'options'> {
  /** The choices, each by its own name. */
  readonly names: readonly string[];
}

/** One name of many; nothing is chosen at first. */
export function ChoiceField({ names, ...field }: ChoiceFieldProps) {
  return <SelectField {...field} options={[['', 'Choose'], ...names.map(twice)]} />;
}

function twice(name: string): [value: string, title: string] {
  return [name, name];
}

export function CheckField({
  label,
  checked,
  onChange,
}: {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label class="check-field">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

function Hint({
  id,
  hint,
  error,
}: {
  readonly id: string;
  readonly hint: ComponentChildren;
  readonly error: string | undefined;
}) {
  return (
    <p id={id} class={error === undefined ? 'hint' : 'hint hint-error'}>
      {error ?? hint}
    </p>
  );
}
