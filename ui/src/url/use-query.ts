/** Owns the state of a view that lives in the URL, so that what is seen can be linked to. */
import { useLocation } from 'preact-iso';
import { changedUrl } from './changed-url.ts';

export type QueryPatch = Readonly<Record<string, string | undefined>>;

interface Query {
  readonly values: Readonly<Record<string, string>>;
  /** Changes some values, undefined removes one. Leaves no entry in the history unless `push`. */
  readonly set: (patch: QueryPatch, options?: { readonly push?: boolean }) => void;
  /** The URL that `set` would lead to, for links. */
  readonly href: (patch: QueryPatch) => string;
}

export function useQuery(): Query {
  const { query, route } = useLocation();
  return {
    values: query,
    // Read at the moment of the call: two changes in one turn must not undo each other.
    set: (patch, { push = false } = {}) => {
      const next = changedUrl(location.pathname + location.search, patch);
      if (next !== location.pathname + location.search) route(next, !push);
    },
    href: (patch) => changedUrl(location.pathname + location.search, patch),
  };
}
