/** Owns a sparkline: the shape of the last minutes in the height of a line of text. */
import { sparkPath } from './spark-path.ts';

const width = 112;
const height = 24;

export function Sparkline({
  values,
  marks,
  label,
}: {
  readonly values: readonly (number | null)[];
  /** Drawn over it in the colour of failures, to the same scale. */
  readonly marks?: readonly (number | null)[];
  readonly label: string;
}) {
  const top = Math.max(0, ...values.map((value) => value ?? 0));
  const { line, area } = sparkPath(values, top, width, height);
  const failing = marks?.some((value) => (value ?? 0) > 0);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img">
      <title>{label}</title>
      <path class="spark-area" d={area} />
      <path class="spark-line" d={line} />
      {failing && marks && (
        <path class="spark-marks" d={sparkPath(marks, top, width, height).line} />
      )}
    </svg>
  );
}
