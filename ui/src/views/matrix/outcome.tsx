/** Owns what was found as a badge, for pairs and for single findings. */
import type { Matrix } from '../../../../gateway/control/api/answers.ts';
import { Badge } from '../../ui/badge.tsx';
import type { Tone } from '../../ui/tone.ts';

export type Pair = Matrix['pairs'][number];

const words: Readonly<Record<Pair['outcome'], readonly [Tone, string]>> = {
  ok: ['ok', 'ok'],
  warning: ['warn', 'warning'],
  unknown: ['quiet', 'unknown'],
  failed: ['bad', 'failed'],
};

export function OutcomeBadge({ outcome }: { readonly outcome: Pair['outcome'] }) {
  const [tone, word] = words[outcome];
  return <Badge tone={tone}>{word}</Badge>;
}
