/** Owns making a cluster leave: this one, or one that is dead; its name is typed, so that nobody clicks it away. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { clusters } from '../../live/store.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { CheckField, SelectField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

export function LeaveFederation({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const [cluster, setCluster] = useState('');
  const [typed, setTyped] = useState('');
  const [force, setForce] = useState(false);
  const leave = useAction(async () => {
    await call('/v1/federation/leave', { method: 'POST', body: { cluster, force } });
  });
  const submit = async () => {
    if (typed !== cluster || !(await leave.run())) return;
    setTyped('');
    onClose();
  };
  return (
    <Dialog title="Make a cluster leave" open={open} onClose={onClose}>
      <Form onSubmit={() => void submit()}>
        <SelectField
          label="Cluster"
          value={cluster}
          onChange={setCluster}
          options={[
            ['', 'Choose'],
            ...clusters.list.map(({ cluster: name, state }): [string, string] => [
              name,
              state === 'self' ? `${name} (this one)` : `${name} (${state})`,
            ]),
          ]}
          hint="Its endpoints go, its bundle is no longer believed, and its links are cut."
        />
        <TextField
          label="Its name, to confirm"
          required
          value={typed}
          onChange={setTyped}
          error={typed !== '' && typed !== cluster ? 'This is not its name' : undefined}
        />
        <CheckField
          label="Even though its gateways are alive"
          checked={force}
          onChange={setForce}
        />
        <ProblemNote problem={leave.problem} />
        <div class="form-actions">
          <button
            type="submit"
            class="button button-danger"
            disabled={leave.busy || cluster === '' || typed !== cluster}
          >
            Make it leave
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
