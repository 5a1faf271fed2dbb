/** Owns the form that sends a share of a service's requests to one cluster. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { clusters, services } from '../../live/store.ts';
import { ChoiceField, TextField } from '../../ui/field.tsx';
import { OrderForm, type OrderProps } from './order-form.tsx';

const blank = { service: '', to: '', percent: '100' };

/** `service` as `orders.shop`. */
export function failoverPath(service: string): string {
  const [name, namespace] = service.split('.');
  return `/v1/services/${namespace}/${name}/failover`;
}

export function FailOverService({ onDone, ...order }: OrderProps) {
  const [draft, setDraft] = useState(blank);
  const { service, to, percent } = draft;
  return (
    <OrderForm
      {...order}
      title="Fail a service over"
      verb="Fail it over"
      isReady={service !== '' && to !== ''}
      give={async (why) => {
        const body = { to, percent: Number(percent), ...why };
        await call(failoverPath(service), { method: 'POST', body });
      }}
      onDone={() => {
        setDraft(blank);
        onDone();
      }}
    >
      <ChoiceField
        label="Service"
        value={service}
        onChange={(name) => setDraft({ ...draft, service: name })}
        names={services.list.map((one) => one.service)}
      />
      <ChoiceField
        label="To"
        value={to}
        onChange={(name) => setDraft({ ...draft, to: name })}
        names={clusters.list.map((one) => one.cluster)}
      />
      <TextField
        label="Share, %"
        mono
        value={percent}
        onChange={(text) => setDraft({ ...draft, percent: text })}
        hint="Of the requests of every cluster"
        error={Number.isFinite(Number(percent)) ? undefined : 'Write a number'}
      />
    </OrderForm>
  );
}
