/** Owns the layers a check goes through, in the order they rest on each other. */
export const checkLayers = [
  'config',
  'registry',
  'certificates',
  'clock',
  'peers',
  'bundles',
  'services',
  'audit',
] as const;
