/** Owns a list of facts: rows of a name and a value. */
export function Facts({ rows }: { readonly rows: readonly (readonly string[])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name = '', ...said]) => [
        <dt key={`${name} ${said}`}>{name}</dt>,
        <dd key={`${name} ${said} said`}>{said.join(' ')}</dd>,
      ])}
    </dl>
  );
}
