/** Owns the form that registers an endpoint; a refusal leaves everything typed where it is. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { CheckField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

const blank = {
  id: '',
  address: '',
  port: '',
  zone: '',
  weight: '1',
  path: '/healthz',
  exported: true,
};

export function RegisterEndpoint({
  open,
  pathOf,
  onClose,
  onDone,
}: {
  readonly open: boolean;
  readonly pathOf: (id: string) => string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [draft, setDraft] = useState(blank);
  const set = (patch: Partial<typeof blank>) => setDraft({ ...draft, ...patch });
  const registration = useAction(async () => {
    await call(pathOf(encodeURIComponent(draft.id)), { method: 'PUT', body: bodyOf(draft) });
  });
  const submit = async () => {
    if (!(await registration.run())) return;
    setDraft(blank);
    onDone();
  };
  return (
    <Dialog title="Register an endpoint" open={open} onClose={onClose}>
      <Form onSubmit={() => void submit()}>
        <TextField label="Id" required value={draft.id} onChange={(id) => set({ id })} />
        <div class="form-row">
          <TextField
            label="Address"
            required
            mono
            hint="IP address or DNS name"
            value={draft.address}
            onChange={(address) => set({ address })}
          />
          <TextField
            label="Port"
            required
            mono
            value={draft.port}
            onChange={(port) => set({ port })}
          />
        </div>
        <div class="form-row">
          <TextField
            label="Zone"
            hint="Default: the gateway’s"
            value={draft.zone}
            onChange={(zone) => set({ zone })}
          />
          <TextField
            label="Weight"
            hint="1 to 1000"
            value={draft.weight}
            onChange={(weight) => set({ weight })}
          />
        </div>
        <TextField
          label="Health check path"
          mono
          hint="Empty: no check"
          value={draft.path}
          onChange={(path) => set({ path })}
        />
        <CheckField
          label="Other clusters may use it"
          checked={draft.exported}
          onChange={(exported) => set({ exported })}
        />
        <ProblemNote problem={registration.problem} />
        <div class="form-actions">
          <button type="submit" class="button button-primary" disabled={registration.busy}>
            Register
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

function bodyOf({ address, port, zone, weight, path, exported }: typeof blank) {
  return {
    address,
    port: Number(port),
    weight: Number(weight),
    exported,
    ...(zone !== '' && { zone }),
    ...(path !== '' && { check: { http: { path } } }),
  };
}
