/** Owns the form that drains a cluster; a refusal leaves everything typed where it is. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { parseDuration } from '../../format/duration.ts';
import { clusters } from '../../live/store.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

export interface OrderFormProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const blank = { cluster: '', ramp: '10s', reason: '' };

export function DrainCluster({ open, onClose, onDone }: OrderFormProps) {
  const [draft, setDraft] = useState(blank);
  const set = (patch: Partial<typeof blank>) => setDraft({ ...draft, ...patch });
  const order = useAction(async () => {
    const { cluster, ramp, reason } = draft;
    const body = { ramp, ...(reason.trim() !== '' && { reason: reason.trim() }) };
    await call(`/v1/clusters/${cluster}/drain`, { method: 'POST', body });
  });
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!(await order.run())) return;
    setDraft(blank);
    onDone();
  };
  return (
    <Dialog title="Drain a cluster" open={open} onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <SelectField
          label="Cluster"
          value={draft.cluster}
          onChange={(cluster) => set({ cluster })}
          options={[
            ['', 'Choose'],
            ...clusters.list.map(({ cluster }): [string, string] => [cluster, cluster]),
          ]}
          hint="It still answers what nobody else can."
        />
        <TextField
          label="Ramp"
          mono
          value={draft.ramp}
          onChange={(ramp) => set({ ramp })}
          hint="How long traffic takes to leave"
          error={
            parseDuration(draft.ramp) === undefined
              ? 'Write a duration as 250ms, 10s or 2m'
              : undefined
          }
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
            disabled={order.busy || draft.cluster === ''}
          >
            Drain it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
