/** Owns tabs that are links: each has its own URL, and the one that is open says so. */
export function Tabs({
  label,
  tabs,
}: {
  readonly label: string;
  readonly tabs: readonly {
    readonly href: string;
    readonly title: string;
    readonly open: boolean;
    readonly count?: number | undefined;
  }[];
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ href, title, open, count }) => (
        <a key={href} href={href} aria-current={open ? 'page' : undefined}>
          {title}
          {count !== undefined && <span class="tab-count num">{count}</span>}
        </a>
      ))}
    </nav>
  );
}
