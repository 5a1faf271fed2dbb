/** Owns asking the federation's other gateways how many of their connections rest on a root. */
import { z } from 'zod';
import type { OtherGateways } from '../others/other-gateways.ts';
import type { Resting } from './retirement.ts';

const answerSchema = z.object({
  gateway: z.string(),
  connections: z.array(z.object({ root: z.string(), count: z.number() })),
});

/** Of those that can be reached: what is cut off has no connection either. */
export async function connectionsOn(
  root: string,
  others: Pick<OtherGateways, 'ask' | 'list' | 'unreachableSince'>,
): Promise<Resting[]> {
  const reached = others
    .list()
    .filter(({ cluster }) => others.unreachableSince(cluster) === undefined);
  return Promise.all(
    reached.map(async (other): Promise<Resting> => {
      try {
        const answer = answerSchema.parse(await others.ask(other, '/v1/trust/connections'));
        const { gateway, connections } = answer;
        return { gateway, count: connections.find((one) => one.root === root)?.count ?? 0 };
      } catch {
        return { gateway: `${other.cluster} at ${other.address}`, count: undefined };
      }
    }),
  );
}
