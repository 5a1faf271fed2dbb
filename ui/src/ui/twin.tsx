/** Owns a graph and its table twin: the same facts twice, and a switch that the URL remembers. */
import type { ComponentChildren } from 'preact';
import { useQuery } from '../url/use-query.ts';

export function Twin({
  id,
  graph,
  table,
}: {
  /** Name of the parameter in the URL. */
  readonly id: string;
  readonly graph: () => ComponentChildren;
  readonly table: () => ComponentChildren;
}) {
  const { values } = useQuery();
  return <div class="twin">{values[id] === 'table' ? table() : graph()}</div>;
}

/** The switch; it may stand in the head of the panel that holds the twin. */
export function TwinSwitch({ id, label }: { readonly id: string; readonly label: string }) {
  const { values, set } = useQuery();
  const asTable = values[id] === 'table';
  const option = (value: string | undefined, title: string, pressed: boolean) => (
    <button
      type="button"
      class="segment"
      aria-pressed={pressed}
      onClick={() => set({ [id]: value })}
    >
      {title}
    </button>
  );
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{label}</legend>
      {option(undefined, 'Graph', !asTable)}
      {option('table', 'Table', asTable)}
    </fieldset>
  );
}
