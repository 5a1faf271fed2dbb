/** Owns that every link to a view keeps whose gateway is looked at, also where it opens in another tab or is copied. */
import { options } from 'preact';
import { vantage, viaOf, viaParameter } from '../live/vantage.ts';
import { changedUrl } from '../url/changed-url.ts';

/** Paths of this origin that are views, and no operations of the gateway. */
export const viewPaths = /^\/(?!v1\/|clusters\/|metrics|openapi\.json)/;

/** `href` as it is to be followed while `via` is looked at. */
function linkVia(href: string, via: string | undefined): string {
  if (via === undefined || !viewPaths.test(href)) return href;
  return viaOf(href.split('?')[1] ?? '') === undefined
    ? changedUrl(href, { [viaParameter]: via })
    : href;
}

/** Applies to all links that are rendered from now on. Call once. */
export function keepVantageInLinks(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const props = vnode.props as { href?: unknown };
    if (vnode.type === 'a' && typeof props.href === 'string') {
      props.href = linkVia(props.href, vantage.value);
    }
    before?.(vnode);
  };
}
