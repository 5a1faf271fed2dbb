/** Owns finding fields and names in the static table (RFC 7541 appendix A). */
import { fingerprint } from './fingerprint.ts';
import { staticFields } from './static-table.ts';

/** The index of the first entry of each name in the static table. */
const staticNames = new Map<string, number>();
staticFields.forEach(([name], at) => {
  if (!staticNames.has(name)) staticNames.set(name, at + 1);
});

/** Entries of the static table that have a value, by their fingerprint; no two share a place. */
const staticPlaces: readonly (StaticEntry | undefined)[] = placesOfStatics();

interface StaticEntry {
  readonly name: string;
  readonly value: string;
  readonly print: number;
  readonly index: number;
}

/** The index of a field with a value; 0 = the table has none. `print`: its fingerprint. */
export function staticIndexOf(name: string, value: string, print: number): number {
  const fixed = staticPlaces[print & (staticPlaces.length - 1)];
  return fixed?.print === print && fixed.value === value && fixed.name === name ? fixed.index : 0;
}

/** The first entry of that name; undefined where there is none. */
export function staticIndexOfName(name: string): number | undefined {
  return staticNames.get(name);
}

/** In as many places as keep them apart. */
function placesOfStatics(): (StaticEntry | undefined)[] {
  const entries = staticFields.flatMap(([name, value], at) =>
    value === '' ? [] : [{ name, value, print: fingerprint(name, value), index: at + 1 }],
  );
  for (let size = 16; ; size *= 2) {
    const places: (StaticEntry | undefined)[] = new Array(size).fill(undefined);
    for (const entry of entries) places[entry.print & (size - 1)] = entry;
    if (places.filter((entry) => entry !== undefined).length === entries.length) return places;
  }
}
