/** Owns the icons: strokes on a 24 grid, in the colour of the text beside them. */

const paths = {
  map: 'M9 4 3.500 6.500v13L9 17l6 3 5.500-2.500v-13L15 7 9 4Zm0 0v13m6-10v13',
  services: 'm12 3 9 5-9 5-9-5 9-5Zm-9 9.500 9 5 9-5M3 16.500l9 5 9-5',
  trust:
    'M12 3 4.500 6v5.500c0 4.500 3.100 7.800 7.500 9.500 4.400-1.700 7.500-5 7.500-9.500V6L12 3Zm-3.200 9 2.300 2.300 4.300-4.600',
  matrix: 'M4 4h16v16H4V4Zm0 5.300h16M4 14.700h16M9.300 4v16m5.400-16v16',
  traffic: 'M3 7h11m0 0-3.500-3.500M14 7l-3.500 3.500M21 17H10m0 0 3.500-3.500M10 17l3.500 3.500',
  routing:
    'M6 20V9m0 0a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0 7c0-4 12-2.500 12-7m0 0a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  policies: 'M6 3h9l4 4v14H6V3Zm9 0v4h4M9 12l1.500 1.500L13 11m-4 6h7',
  drills:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM5.700 5.700l3.400 3.400m5.800 5.800 3.400 3.400m0-12.600-3.400 3.400m-5.800 5.800-3.400 3.400',
  events: 'M8 6h13M8 12h13M8 18h13M3.500 6h.01M3.500 12h.01M3.500 18h.01',
  lock: 'M6.500 10.500h11v9h-11zM9 10.500V7.500a3 3 0 0 1 6 0v3',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13Zm5-1.500L21 21',
  check: 'm5 12.500 4.500 4.500L19 7',
  cross: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 4 2.500 20h19L12 4Zm0 6v5m0 2.700v.1',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-10v6m0-9.300v.1',
  question:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-2.500-11.500c0-3 5-3 5 0 0 2-2.500 2-2.500 4.200m0 2.600v.1',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0-13v2m0 14v2m9-9h-2M5 12H3m15.400-6.400L17 7M7 17l-1.400 1.400m12.800 0L17 17M7 7 5.600 5.600',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500Z',
  auto: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-18v18m3-17v16m3-14v12',
  copy: 'M8.500 8.500h11v11h-11zM15.500 8.500v-4h-11v11h4',
  play: 'M7 4.500v15l12-7.500-12-7.500Z',
  stop: 'M6.500 6.500h11v11h-11z',
  up: 'm6 14 6-6 6 6',
  down: 'm6 10 6 6 6-6',
  right: 'm9 5 7 7-7 7',
  plus: 'M12 5v14M5 12h14',
  plug: 'M9 3v5m6-5v5M6.500 8h11v3.500a5.500 5.500 0 0 1-11 0V8Zm5.500 9v4',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-14v5.500l3.500 2',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
