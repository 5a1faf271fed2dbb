/** Owns the frame of a view: its heading, a line that says what it shows, its acts, and the title of the tab. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { arrived } from './arrival.ts';

export function Page({
  title,
  lead,
  back,
  actions,
  children,
}: {
  readonly title: string;
  readonly lead?: ComponentChildren;
  /** The list this is one of. */
  readonly back?: { readonly href: string; readonly title: string };
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { path } = useLocation();
  useEffect(() => arrived(path, heading.current), [path]);
  useEffect(() => {
    document.title = `${title} · Isthmus`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          {back && (
            <nav aria-label="Breadcrumb" class="crumbs">
              <a href={back.href}>{back.title}</a>
            </nav>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** A part of a view on a surface of its own. */
export function Panel({
  title,
  lead,
  actions,
  children,
  id,
  flush = false,
}: {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly id: string;
  /** Its content reaches the edges. */
  readonly flush?: boolean;
}) {
  return (
    <section class={flush ? 'panel panel-flush' : 'panel'} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <div>
          <h2 id={`${id}-title`}>{title}</h2>
          {lead && <p class="panel-lead">{lead}</p>}
        </div>
        {actions && <div class="panel-actions">{actions}</div>}
      </header>
      <div class="panel-body">{children}</div>
    </section>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
