/** Owns the state of the link to a cluster as a badge. */
import type { ClusterItem } from '../../../../gateway/control/api/answers.ts';
import { Badge } from '../../ui/badge.tsx';
import type { Tone } from '../../ui/tone.ts';

const words: Readonly<Record<ClusterItem['state'], readonly [Tone, string]>> = {
  self: ['info', 'this gateway'],
  up: ['ok', 'up'],
  suspect: ['warn', 'suspect'],
  connecting: ['warn', 'connecting'],
  down: ['bad', 'down'],
  stale: ['warn', 'stale'],
};

export function ClusterState({ state }: { readonly state: ClusterItem['state'] }) {
  const [tone, word] = words[state];
  return <Badge tone={tone}>{word}</Badge>;
}
