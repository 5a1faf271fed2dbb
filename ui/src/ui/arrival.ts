/** Owns where the focus goes when another view is opened: to its heading, as on a page that was loaded anew. */

let last: { readonly path: string; readonly heading: HTMLElement | null } | undefined;

/**
 * Tells which view's heading is there. The first view of a page leaves the focus where the browser has it. While a view is
 * loaded the one before is still there, under the new path: its heading is another one.
 */
export function arrived(path: string, heading: HTMLElement | null): void {
  const before = last;
  last = { path, heading };
  if (before === undefined || (before.path === path && before.heading === heading)) return;
  heading?.focus({ preventScroll: true });
}
