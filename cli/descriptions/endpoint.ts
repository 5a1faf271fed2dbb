/** Owns the description of an endpoint: what was registered, how it is, what it gets of the requests made here, what happened. */
import { formatAddress } from '../../core/address.ts';
import type { ExplainAnswer } from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { endpointKind, labelTexts, portText } from '../kinds.ts';
import { one } from '../listing.ts';
import { fieldLines } from '../sections.ts';
import { percent } from '../words.ts';
import { type Findings, relatedEvents } from './description.ts';

export async function describeEndpoint(admin: AdminClient, name: string): Promise<Findings> {
  const endpoint = await one(admin, endpointKind, name);
  const { service, id } = endpoint;
  const [decision, { events, section }] = await Promise.all([
    admin.get<ExplainAnswer>(`/v1/explain/${service}`),
    relatedEvents(admin, ({ details }) => details?.['service'] === service && names(details, id)),
  ]);
  const candidate = decision.candidates.find(
    (one) => one.endpoint === id && one.cluster === decision.caller.cluster,
  );
  return {
    data: { endpoint, candidate, events },
    fields: [
      ['endpoint', endpointKind.nameOf(endpoint)],
      ['address', formatAddress(endpoint.address, endpoint.port)],
      ['ports', endpoint.ports?.map(portText).join(', ')],
      ['zone', endpoint.zone],
      ['weight', endpoint.weight === 0 ? '0: it gets nothing' : String(endpoint.weight)],
      ['exported', endpoint.exported ? 'yes' : 'no'],
      ['labels', labelTexts(endpoint.labels).join(', ') || undefined],
      ['registered', `by ${sources[endpoint.source]}, at ${endpoint.gateway}`],
      ['health', endpoint.health + (endpoint.reason === undefined ? '' : `: ${endpoint.reason}`)],
    ],
    sections: [
      {
        title: 'Requests made at this gateway',
        body: (view) => (candidate === undefined ? '' : fieldLines(shareOf(candidate), view)),
        none: 'it is no candidate for them',
      },
      section,
    ],
  };
}

const sources = { config: 'the configuration', api: 'API', registry: 'another gateway' } as const;

function shareOf(
  candidate: ExplainAnswer['candidates'][number],
): readonly [string, string | undefined][] {
  return [
    ['share', percent(candidate.share)],
    ['why', candidate.reason],
    ['ejected', candidate.ejected ? 'yes' : 'no'],
    ['last check', candidate.check],
  ];
}

/** An event names endpoints by id, or by the key that ejections have: `endpoint/id`. */
function names({ ids, ejected }: Readonly<Record<string, unknown>>, id: string): boolean {
  const named = [ids, ejected].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
  return named.some((one) => one === id || one.endsWith(`/${id}`));
}
