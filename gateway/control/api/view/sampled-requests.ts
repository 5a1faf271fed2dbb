/** Owns how the admin API tells of the real requests that workers remember. */
import { IsthmusError } from '../../../../core/errors.ts';
import type { SampledRequest } from '../../../data/observe/sampling/sampled-request.ts';
import type { Workers } from '../../workers/workers.ts';
import type { ExplainedSample, SampledItem } from '../schema/sampled-requests.ts';
import { questionOfSampled } from './asked-request.ts';
import type { ExplainedParts } from './explanation.ts';
import { explanationOf } from './request-explanation.ts';

/** The parts of a gateway that such requests are told by. */
export interface SampledParts extends ExplainedParts {
  readonly workers: Pick<Workers, 'balancerState' | 'links' | 'sampled'>;
}

/** Those for a service, or all. */
export async function sampledItems(
  { workers }: Pick<SampledParts, 'workers'>,
  service: string | undefined,
): Promise<SampledItem[]> {
  const all = await workers.sampled();
  return all.filter((one) => service === undefined || one.service === service).map(itemOf);
}

/** `id`: of the request, or of its trace; the latest of several. Throws REQUEST_NOT_FOUND. */
export async function explainedSample(gateway: SampledParts, id: string): Promise<ExplainedSample> {
  const all = await gateway.workers.sampled();
  const found = all.findLast(({ requestId, traceId }) => requestId === id || traceId === id);
  if (found === undefined) {
    throw new IsthmusError('REQUEST_NOT_FOUND', {
      what: `This gateway remembers no request ${JSON.stringify(id.slice(0, 80))}`,
    });
  }
  const now = await explanationOf(gateway, questionOfSampled(gateway, found));
  return { sampled: itemOf(found), now };
}

function itemOf(sampled: SampledRequest): SampledItem {
  const { authority, peer, withheld, withheldParams, fields: _, at, traceId, ...same } = sampled;
  return {
    ...same,
    ...(traceId !== undefined && { traceId }),
    at: Math.round(at),
    host: authority,
    from: peer.kind === 'gateway' ? peer.cluster : peer.address,
    withheld: [...withheld, ...withheldParams],
  };
}
