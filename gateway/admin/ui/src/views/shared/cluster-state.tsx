/** Owns the state of the link to a cluster as a badge. */
import type { ClusterItem } from '../../../../answers.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';

const words: Readonly<Record<ClusterItem['state'], readonly [Tone, string]>> = {
  self: ['info', 'this gateway'],
  up: ['ok', 'up'],
  connecting: ['warn', 'connecting'],
  down: ['bad', 'down'],
  stale: ['warn', 'stale'],
};

export function ClusterState({ state }: { readonly state: ClusterItem['state'] }) {
  const [tone, word] = words[state];
  return <Badge tone={tone}>{word}</Badge>;
}
