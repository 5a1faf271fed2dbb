/** Owns choosing whose gateway is looked at, and keeping that in the URL from view to view. */
import { effect, signal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { clusters, status } from '../live/store.ts';
import { vantage, viaOf, viaParameter } from '../live/vantage.ts';
import { changedUrl } from '../url/changed-url.ts';

/** The cluster whose gateway served this page; unknown until it was looked at. */
const home = signal<string | undefined>(undefined);
/** Members as last known: a cluster that can't be reached must not take away the way back. */
const members = signal<readonly string[]>([]);

effect(() => {
  const known = status.value;
  if (known && vantage.value === undefined) home.value = known.cluster;
});
effect(() => {
  if (clusters.list.length > 0) members.value = clusters.list.map(({ cluster }) => cluster).sort();
});

export function VantageSwitch() {
  const { url, route } = useLocation();
  const id = useId();
  const others = members.value.filter((name) => name !== home.value);
  const options = [...new Set([...others, ...(vantage.value ? [vantage.value] : [])])];
  if (options.length === 0) return null;
  return (
    <div class="vantage">
      <label for={id}>Seen from</label>
      <select
        id={id}
        value={vantage.value ?? ''}
        onChange={({ currentTarget: { value } }) => {
          vantage.value = value || undefined;
          route(changedUrl(url, { [viaParameter]: value }));
        }}
      >
        <option value="">
          {home.value === undefined ? 'this gateway' : `${home.value} (this gateway)`}
        </option>
        {options.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The URL decides, where it says; where it doesn't, as on a link followed, it is made to say. */
export function useVantageInUrl(): void {
  const { url, route } = useLocation();
  useEffect(() => {
    // Back and forward lead to where one was, and that may have been this gateway.
    const onPop = () => {
      vantage.value = viaOf(location.search);
    };
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }, []);
  useEffect(() => {
    const named = viaOf(url.split('?')[1] ?? '');
    if (named !== undefined) vantage.value = named;
    else if (vantage.peek() !== undefined) {
      route(changedUrl(url, { [viaParameter]: vantage.peek() }), true);
    }
  }, [url, route]);
}
