/** Owns the form that sends a share of a service's requests to one cluster; a refusal leaves everything typed where it is. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { clusters, services } from '../../live/store.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import type { OrderFormProps } from './drain-cluster.tsx';

const blank = { service: '', to: '', percent: '100', reason: '' };

/** `service` as `orders.shop`. */
export function failoverPath(service: string): string {
  const [name, namespace] = service.split('.');
  return `/v1/services/${namespace}/${name}/failover`;
}

export function FailOverService({ open, onClose, onDone }: OrderFormProps) {
  const [draft, setDraft] = useState(blank);
  const set = (patch: Partial<typeof blank>) => setDraft({ ...draft, ...patch });
  const order = useAction(async () => {
    const { service, to, percent, reason } = draft;
    await call(failoverPath(service), {
      method: 'POST',
      body: {
        to,
        percent: Number(percent),
        ...(reason.trim() !== '' && { reason: reason.trim() }),
      },
    });
  });
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!(await order.run())) return;
    setDraft(blank);
    onDone();
  };
  const choose = (label: string, field: 'service' | 'to', names: readonly string[]) => (
    <SelectField
      label={label}
      value={draft[field]}
      onChange={(value) => set({ [field]: value })}
      options={[['', 'Choose'], ...names.map((name): [string, string] => [name, name])]}
    />
  );
  return (
    <Dialog title="Fail a service over" open={open} onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        {choose(
          'Service',
          'service',
          services.list.map(({ service }) => service),
        )}
        {choose(
          'To',
          'to',
          clusters.list.map(({ cluster }) => cluster),
        )}
        <TextField
          label="Share, %"
          mono
          value={draft.percent}
          onChange={(percent) => set({ percent })}
          hint="Of the requests of every cluster"
          error={Number.isFinite(Number(draft.percent)) ? undefined : 'Write a number'}
        />
        <TextField
          label="Reason"
          value={draft.reason}
          onChange={(reason) => set({ reason })}
          hint="For those who see it happen. Optional."
        />
        <ProblemNote problem={order.problem} />
        <div class="form-actions">
          <button
            type="submit"
            class="button button-danger"
            disabled={order.busy || draft.service === '' || draft.to === ''}
          >
            Fail it over
          </button>
        </div>
      </form>
    </Dialog>
  );
}
