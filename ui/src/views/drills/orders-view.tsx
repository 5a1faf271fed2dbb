/** Owns the view of standing orders: clusters that are drained and services sent elsewhere, until somebody undoes it. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import type { Drain, Failover, Orders } from '../../api/standing.ts';
import { useAction } from '../../api/use-action.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { ms } from '../../format/number.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { DrillTabs } from './drill-tabs.tsx';
import { failoverPath, OrderForm, orderKinds } from './order-forms.tsx';

/** From here on a list has a filter. */
const aHandful = 8;

export default function OrdersView() {
  const orders = useFetched<Orders>('/v1/orders', 2_000);
  const [open, setOpen] = useState<'drain' | 'failover'>();
  const done = () => {
    setOpen(undefined);
    orders.again();
  };
  const undrain = useAction(async ({ of }: Drain) => {
    await call(`/v1/clusters/${of}/undrain`, { method: 'POST', body: {} });
    orders.again();
  });
  const undo = useAction(async ({ service }: Failover) => {
    await call(failoverPath(service), { method: 'DELETE' });
    orders.again();
  });
  const { drains = [], failovers = [] } = orders.value ?? {};
  const unknown = orders.loading ? 'Asking the gateway …' : 'Not known.';
  const none = orders.value === undefined ? unknown : undefined;
  return (
    <Page
      title="Standing orders"
      lead="They hold at every gateway, across restarts, until they are undone."
      actions={
        <>
          <ActButton needs="operator" onClick={() => setOpen('failover')}>
            Fail a service over
          </ActButton>
          <ActButton needs="operator" look="primary" onClick={() => setOpen('drain')}>
            Drain a cluster
          </ActButton>
        </>
      }
    >
      <DrillTabs open="orders" />
      <ProblemNote problem={undrain.problem ?? undo.problem ?? orders.problem} />
      {(['drain', 'failover'] as const).map((kind) => (
        <OrderForm
          key={kind}
          kind={orderKinds[kind]}
          open={open === kind}
          onClose={() => setOpen(undefined)}
          onDone={done}
        />
      ))}
      <Panel id="drains" title="Drained clusters" lead="Traffic is kept off them.">
        <Table
          id="drains"
          plain={drains.length < aHandful}
          caption="Drained clusters"
          rows={drains}
          rowKey={({ of }) => of}
          empty={none ?? 'No cluster is drained.'}
          columns={[
            { id: 'cluster', title: 'Cluster', value: ({ of }) => of },
            {
              id: 'ramp',
              title: 'Ramp',
              value: ({ rampMs }) => rampMs,
              cell: (row) => ms(row.rampMs),
            },
            ...whoAndWhy<Drain>(),
            act<Drain>({
              title: 'Undo',
              label: ({ of }) => `Undrain ${of}`,
              busy: undrain.busy,
              run: undrain.run,
            }),
          ]}
        />
      </Panel>
      <Panel
        id="failovers"
        title="Services sent elsewhere"
        lead="A share of their requests, from every cluster."
      >
        <Table
          id="failovers"
          plain={failovers.length < aHandful}
          caption="Services sent elsewhere"
          rows={failovers}
          rowKey={({ service }) => service}
          empty={none ?? 'Every service goes where it is nearest.'}
          columns={[
            {
              id: 'service',
              title: 'Service',
              value: ({ service }) => service,
              cell: ({ service }) => <a href={`/services/${service}`}>{service}</a>,
            },
            { id: 'to', title: 'To', value: ({ to }) => to },
            {
              id: 'percent',
              title: 'Share',
              value: ({ percent }) => percent,
              cell: ({ percent }) => `${percent} %`,
            },
            ...whoAndWhy<Failover>(),
            act<Failover>({
              title: 'Undo',
              label: ({ service }) => `Undo the failover of ${service}`,
              busy: undo.busy,
              run: undo.run,
            }),
          ]}
        />
      </Panel>
    </Page>
  );
}

function whoAndWhy<Row extends Drain | Failover>(): Column<Row>[] {
  return [
    { id: 'reason', title: 'Reason', value: ({ reason }) => reason },
    { id: 'by', title: 'Ordered in', value: ({ cluster }) => cluster },
    { id: 'since', title: 'Since', value: ({ at }) => at, cell: ({ at }) => <Time at={at} /> },
  ];
}

function act<Row>({
  title,
  label,
  busy,
  run,
}: {
  readonly title: string;
  readonly label: (row: Row) => string;
  readonly busy: boolean;
  readonly run: (row: Row) => Promise<boolean>;
}): Column<Row> {
  return {
    id: 'act',
    title: 'Acts',
    value: () => undefined,
    cell: (row) => (
      <ActButton
        needs="operator"
        look="small"
        disabled={busy}
        label={label(row)}
        onClick={() => void run(row)}
      >
        {title}
      </ActButton>
    ),
  };
}
