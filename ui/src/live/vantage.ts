/** Owns whose gateway is looked at: the one that served this page, or through it that of another cluster. */
import { signal } from '@preact/signals';

/** The parameter of every view's URL that names another cluster. */
export const viaParameter = 'via';

/** The other cluster; undefined for the gateway that served this page. */
export const vantage = signal(viaOf(location.search));

/** The cluster that a query string names. */
export function viaOf(search: string): string | undefined {
  return new URLSearchParams(search).get(viaParameter) || undefined;
}

/** Where an operation of `cluster` is reached: at once, or by the link of the gateway that served this page. */
export function pathAt(cluster: string | undefined, path: string): string {
  return cluster === undefined ? path : `/clusters/${encodeURIComponent(cluster)}${path}`;
}
