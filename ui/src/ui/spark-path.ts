/** Owns the geometry of a sparkline. */

interface SparkPath {
  /** SVG path of the line; a missing value breaks it. */
  readonly line: string;
  /** The same, closed along the bottom. */
  readonly area: string;
}

const padding = 1.5;

/** `top` is the value at the upper edge; 0 lies at the lower one. */
export function sparkPath(
  values: readonly (number | null)[],
  top: number,
  width: number,
  height: number,
): SparkPath {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const bottom = height - padding;
  const scale = top > 0 ? (height - 2 * padding) / top : 0;
  let line = '';
  let area = '';
  let startX = 0;
  let lastX: number | undefined;
  const close = () => {
    if (lastX !== undefined) area += `L${round(lastX)} ${bottom}L${round(startX)} ${bottom}Z`;
    lastX = undefined;
  };
  for (const [i, value] of values.entries()) {
    if (value === null) {
      close();
      continue;
    }
    const x = i * step;
    const point = `${round(x)} ${round(bottom - value * scale)}`;
    const command = lastX === undefined ? 'M' : 'L';
    if (lastX === undefined) startX = x;
    line += command + point;
    area += command + point;
    lastX = x;
  }
  close();
  return { line, area };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
