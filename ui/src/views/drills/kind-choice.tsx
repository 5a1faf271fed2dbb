/** Owns choosing what kind of failure to rehearse. */
import { type DrillKind, kinds } from '../../api/drills.ts';

export function KindChoice({
  value,
  onChange,
}: {
  readonly value: DrillKind;
  readonly onChange: (kind: DrillKind) => void;
}) {
  return (
    <fieldset class="choice">
      <legend class="visually-hidden">Kind</legend>
      {(Object.entries(kinds) as [DrillKind, (typeof kinds)[DrillKind]][]).map(
        ([kind, { title, does }]) => (
          <label key={kind} class={kind === value ? 'choice-item chosen' : 'choice-item'}>
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={kind === value}
              onChange={() => onChange(kind)}
            />
            <span>
              <strong>{title}</strong>
              <span class="faint">{does}</span>
            </span>
          </label>
        ),
      )}
    </fieldset>
  );
}
