/** Owns what a process takes of its machine, as the kernel counts it, and whether that stays flat. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Footprint {
  /** Resident, in MiB. */
  readonly memory: number;
  /** Open files of all kinds, sockets included. */
  readonly handles: number;
  readonly sockets: number;
}

/** Of a process (Linux). Rejects where there is none. */
export async function footprintOf(pid: number): Promise<Footprint> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  const folder = `/proc/${pid}/fd`;
  const open = await readdir(folder);
  // One that is closed while it is looked at is none.
  const targets = await Promise.all(open.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return {
    memory: Number(kB) / 1024,
    handles: targets.filter((target) => target !== '').length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
  };
}

/** With fewer looks at a process nothing is said of it. */
const fewest = 6;

/** What may be added from the first third of the looks to the last: noise, and caches that fill. */
const allowance: Readonly<
  Record<keyof Footprint, { readonly share: number; readonly more: number }>
> = {
  memory: { share: 0.1, more: 24 },
  handles: { share: 0.1, more: 8 },
  sockets: { share: 0.1, more: 8 },
};

type Flatness =
  | { readonly kind: 'too young' }
  | { readonly kind: 'flat'; readonly first: Footprint; readonly last: Footprint }
  | {
      readonly kind: 'growing';
      readonly first: Footprint;
      readonly last: Footprint;
      readonly what: readonly (keyof Footprint)[];
    };

/** Judges looks at one process, the oldest first: by the medians of their first third and their last. */
export function flatnessOf(looks: readonly Footprint[]): Flatness {
  if (looks.length < fewest) return { kind: 'too young' };
  const third = Math.floor(looks.length / 3);
  const first = medians(looks.slice(0, third));
  const last = medians(looks.slice(-third));
  const what = kinds.filter((kind) => {
    const { share, more } = allowance[kind];
    return last[kind] > first[kind] * (1 + share) + more;
  });
  return what.length === 0 ? { kind: 'flat', first, last } : { kind: 'growing', first, last, what };
}

const kinds = ['memory', 'handles', 'sockets'] as const;

function medians(looks: readonly Footprint[]): Footprint {
  const median = (kind: keyof Footprint): number => {
    const sorted = looks.map((look) => look[kind]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return { memory: median('memory'), handles: median('handles'), sockets: median('sockets') };
}
