/** Owns finding the 256 colours that stand for those of a picture: median cut, weighted by how often each occurs. */

interface Colour {
  readonly parts: readonly [red: number, green: number, blue: number];
  readonly count: number;
}

interface Indexed {
  /** Three octets a colour. */
  readonly palette: Uint8Array;
  readonly indexes: Uint8Array;
}

const most = 256;

/** `rgb` is three octets a pixel. */
export function indexed(rgb: Uint8Array): Indexed {
  const counts = new Map<number, number>();
  const keyAt = (i: number) => ((rgb[i] ?? 0) << 16) | ((rgb[i + 1] ?? 0) << 8) | (rgb[i + 2] ?? 0);
  for (let i = 0; i < rgb.length; i += 3) counts.set(keyAt(i), (counts.get(keyAt(i)) ?? 0) + 1);
  const boxes = boxesOf(
    [...counts].map(([key, count]) => ({
      parts: [key >> 16, (key >> 8) & 255, key & 255],
      count,
    })),
  );
  const palette = new Uint8Array(boxes.length * 3);
  const indexOf = new Map<number, number>();
  for (const [index, box] of boxes.entries()) {
    palette.set(meanOf(box), index * 3);
    for (const { parts } of box) indexOf.set((parts[0] << 16) | (parts[1] << 8) | parts[2], index);
  }
  const indexes = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < indexes.length; i++) indexes[i] = indexOf.get(keyAt(i * 3)) ?? 0;
  return { palette, indexes };
}

function boxesOf(colours: Colour[]): Colour[][] {
  const boxes = [colours];
  while (boxes.length < most) {
    let worst = 0;
    for (let i = 1; i < boxes.length; i++) {
      if (errorOf(boxes[i]) > errorOf(boxes[worst])) worst = i;
    }
    const box = boxes[worst];
    if (box === undefined || box.length < 2) break;
    boxes.splice(worst, 1, ...halves(box));
  }
  return boxes;
}

/** How much is lost by one colour for all of a box: its widest side, by the root of its pixels, so that rare colours count. */
function errorOf(box: readonly Colour[] | undefined): number {
  if (box === undefined || box.length < 2) return 0;
  let pixels = 0;
  for (const { count } of box) pixels += count;
  return widest(box).range * Math.sqrt(pixels);
}

function widest(box: readonly Colour[]): { readonly part: number; readonly range: number } {
  let found = { part: 0, range: -1 };
  for (const part of [0, 1, 2]) {
    let [low, high] = [255, 0];
    for (const { parts } of box) {
      low = Math.min(low, parts[part] ?? 0);
      high = Math.max(high, parts[part] ?? 0);
    }
    if (high - low > found.range) found = { part, range: high - low };
  }
  return found;
}

/** Cut where half of the pixels are on either side, and at least one colour. */
function halves(box: readonly Colour[]): [Colour[], Colour[]] {
  const { part } = widest(box);
  const sorted = [...box].sort((a, b) => (a.parts[part] ?? 0) - (b.parts[part] ?? 0));
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  let [cut, seen] = [0, 0];
  while (cut < sorted.length - 1 && seen < total / 2) seen += sorted[cut++]?.count ?? 0;
  return [sorted.slice(0, cut), sorted.slice(cut)];
}

function meanOf(box: readonly Colour[]): [number, number, number] {
  const sums = [0, 0, 0, 0];
  for (const { parts, count } of box) {
    for (const part of [0, 1, 2]) sums[part] = (sums[part] ?? 0) + (parts[part] ?? 0) * count;
    sums[3] = (sums[3] ?? 0) + count;
  }
  const [red = 0, green = 0, blue = 0, pixels = 1] = sums;
  return [Math.round(red / pixels), Math.round(green / pixels), Math.round(blue / pixels)];
}
