/** Owns the form that drains a cluster. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { parseDuration } from '../../format/duration.ts';
import { clusters } from '../../live/store.ts';
import { ChoiceField, TextField } from '../../ui/field.tsx';
import { OrderForm, type OrderProps } from './order-form.tsx';

const blank = { cluster: '', ramp: '10s' };

export function DrainCluster({ onDone, ...order }: OrderProps) {
  const [draft, setDraft] = useState(blank);
  const { cluster, ramp } = draft;
  return (
    <OrderForm
      {...order}
      title="Drain a cluster"
      verb="Drain it"
      isReady={cluster !== ''}
      give={async (why) => {
        const body = { ramp, ...why };
        await call(`/v1/clusters/${cluster}/drain`, { method: 'POST', body });
      }}
      onDone={() => {
        setDraft(blank);
        onDone();
      }}
    >
      <ChoiceField
        label="Cluster"
        value={cluster}
        onChange={(name) => setDraft({ ...draft, cluster: name })}
        names={clusters.list.map((one) => one.cluster)}
        hint="It still answers what nobody else can."
      />
      <TextField
        label="Ramp"
        mono
        value={ramp}
        onChange={(text) => setDraft({ ...draft, ramp: text })}
        hint="How long traffic takes to leave"
        error={
          parseDuration(ramp) === undefined ? 'Write a duration as 250ms, 10s or 2m' : undefined
        }
      />
    </OrderForm>
  );
}
