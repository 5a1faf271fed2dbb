/** Owns where clusters lie on the map: farther apart the longer the round trip, the same each time. */
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  type SimulationNodeDatum,
} from 'd3-force';

export interface Point {
  readonly x: number;
  readonly y: number;
}

interface LayoutLink {
  readonly a: string;
  readonly b: string;
  readonly rttMs: number | undefined;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Kept free on the left and right, above and below. */
  readonly marginX: number;
  readonly marginY: number;
}

interface Body extends SimulationNodeDatum {
  readonly id: string;
}

const steps = 200;
/** The space that is kept free between two islands, for the words of their link. */
const near = 52;
/** The frame of a few islands, and how much of it islands may fill. */
const small: Frame = { width: 960, height: 700, marginX: 190, marginY: 150 };
const fill = 0.035;

/** Larger the more there is in it: what is drawn gets smaller, and does not overlap. */
export function frameFor(radii: readonly number[]): Frame {
  const area = radii.reduce((sum, radius) => sum + radius ** 2, 0);
  const grown = Math.max(1, Math.sqrt(area / (fill * small.width * small.height)));
  const widest = Math.max(...radii, 0);
  return {
    width: Math.round(small.width * grown),
    height: Math.round(small.height * grown),
    marginX: Math.max(small.marginX, widest + 60),
    marginY: Math.max(small.marginY, widest + 70),
  };
}

/** `names` in the order they begin in, around an ellipse from the left. */
export function layoutMap(
  names: readonly string[],
  links: readonly LayoutLink[],
  frame: Frame,
  radius: (name: string) => number,
): ReadonlyMap<string, Point> {
  const bodies: Body[] = names.map((id, i) => {
    const angle = Math.PI + (2 * Math.PI * i) / names.length;
    return { id, x: 300 * Math.cos(angle), y: 180 * Math.sin(angle) };
  });
  const distance = ({ a, b, rttMs = 50 }: LayoutLink) =>
    radius(a) + radius(b) + near + 40 * Math.log2(1 + rttMs);
  forceSimulation(bodies)
    .force(
      'link',
      forceLink<Body, LayoutLink & { source: string; target: string }>(
        links.map((link) => ({ ...link, source: link.a, target: link.b })),
      )
        .id(({ id }) => id)
        .distance(distance),
    )
    .force('charge', forceManyBody().strength(-200))
    .force(
      'collide',
      forceCollide<Body>(({ id }) => radius(id) + near / 2),
    )
    .stop()
    .tick(steps);
  return fitted(bodies, frame);
}

/** Stretches each axis to the frame; what lies on a line stays in the middle of the other axis. */
function fitted(bodies: readonly Body[], frame: Frame): Map<string, Point> {
  const { width, height, marginX, marginY } = frame;
  const toX = scale(
    bodies.map(({ x = 0 }) => x),
    marginX,
    width - marginX,
  );
  const toY = scale(
    bodies.map(({ y = 0 }) => y),
    marginY,
    height - marginY,
  );
  return new Map(bodies.map(({ id, x = 0, y = 0 }) => [id, { x: toX(x), y: toY(y) }]));
}

function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.min(...values);
  const extent = Math.max(...values) - low;
  if (extent < 1) return () => (from + to) / 2;
  return (value) => Math.round(from + ((value - low) / extent) * (to - from));
}
