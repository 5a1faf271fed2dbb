/** Owns a service's endpoints in this cluster: their health with its reason, and taking out those that the API put in. */
import { useState } from 'preact/hooks';
import type { EndpointItem, Items } from '../../../../gateway/control/api/answers.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Table } from '../../ui/table.tsx';
import type { Tone } from '../../ui/tone.ts';
import { RegisterEndpoint } from './register-endpoint.tsx';

const tones: Readonly<Record<EndpointItem['health'], Tone>> = {
  healthy: 'ok',
  degraded: 'warn',
  unhealthy: 'bad',
  unknown: 'quiet',
};

export function EndpointTable({ service }: { readonly service: string }) {
  const fetched = useFetched<Items<EndpointItem>>(`/v1/endpoints?service=${service}`, 1_000);
  const [registering, setRegistering] = useState(false);
  const [namespace, name] = [service.split('.')[1], service.split('.')[0]];
  const path = (id: string) => `/v1/services/${namespace}/${name}/endpoints/${id}`;
  const removal = useAction(async (id: string) => {
    await call(path(id), { method: 'DELETE' });
    fetched.again();
  });
  return (
    <Panel
      id="endpoints"
      title="Endpoints here"
      lead="Those of this cluster. Other clusters keep theirs to themselves and say how many are healthy."
      actions={
        <ActButton needs="operator" onClick={() => setRegistering(true)}>
          Register an endpoint
        </ActButton>
      }
    >
      <ProblemNote problem={removal.problem ?? fetched.problem} />
      <RegisterEndpoint
        open={registering}
        pathOf={path}
        onClose={() => setRegistering(false)}
        onDone={() => {
          setRegistering(false);
          fetched.again();
        }}
      />
      <Table
        id="endpoints"
        caption={`Endpoints of ${service}`}
        rows={fetched.value?.items ?? []}
        rowKey={({ id }) => id}
        defaultSort="id"
        empty={fetched.loading ? 'Asking the gateway …' : 'None in this cluster.'}
        columns={[
          { id: 'id', title: 'Endpoint', value: (row) => row.id },
          {
            id: 'address',
            title: 'Address',
            value: ({ address, port }) => `${address}:${port}`,
            cell: ({ address, port, ports = [] }) => (
              <span class="two-lines">
                <span class="mono">{`${address}:${port}`}</span>
                {ports.map((one) => (
                  <span
                    key={one.name}
                    class="faint"
                  >{`${one.name} ${one.port} (${one.protocol})`}</span>
                ))}
              </span>
            ),
          },
          { id: 'zone', title: 'Zone', value: (row) => row.zone },
          {
            id: 'health',
            title: 'Health',
            value: (row) => row.health,
            text: ({ reason }) => reason ?? '',
            cell: ({ health, reason }) => (
              <span class="two-lines">
                <Badge tone={tones[health]}>{health}</Badge>
                {reason !== undefined && <span class="faint">{reason}</span>}
              </span>
            ),
          },
          { id: 'weight', title: 'Weight', numeric: true, value: (row) => row.weight },
          { id: 'source', title: 'From', value: (row) => row.source },
          {
            id: 'act',
            title: 'Acts',
            value: () => undefined,
            cell: ({ id, source }) =>
              source === 'api' && (
                <ActButton
                  needs="operator"
                  look="small"
                  disabled={removal.busy}
                  label={`Deregister ${id}`}
                  onClick={() => void removal.run(id)}
                >
                  Deregister
                </ActButton>
              ),
          },
        ]}
      />
    </Panel>
  );
}
