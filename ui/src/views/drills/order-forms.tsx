/** Owns the forms of standing orders: what each needs to know, the reason, and giving it; a refusal leaves everything typed where it is. */
import { useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { durationFault } from '../../format/duration.ts';
import { clusters, services } from '../../live/store.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ChoiceField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

interface OrderField {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** The names to choose from; one has to be chosen. */
  readonly names?: () => readonly string[];
  /** The text at first, where nothing is to be chosen. */
  readonly usual?: string;
  /** Why a text won't do. */
  readonly fault?: (text: string) => string | undefined;
}

interface OrderKind {
  readonly title: string;
  /** The button's text. */
  readonly verb: string;
  readonly fields: readonly OrderField[];
  /** The path and body of the call that gives an order with these fields. */
  readonly order: (values: Values) => { readonly path: string; readonly body: object };
}

/** The texts as typed, by field. */
type Values = Readonly<Record<string, string>>;

const clusterNames = () => clusters.list.map(({ cluster }) => cluster);

const drain: OrderKind = {
  title: 'Drain a cluster',
  verb: 'Drain it',
  fields: [
    {
      ...{ name: 'cluster', label: 'Cluster', names: clusterNames },
      hint: 'It still answers what nobody else can.',
    },
    {
      ...{ name: 'ramp', label: 'Ramp', usual: '10s', hint: 'How long traffic takes to leave' },
      fault: durationFault,
    },
  ],
  order: ({ cluster, ramp }) => ({ path: `/v1/clusters/${cluster}/drain`, body: { ramp } }),
};

const failover: OrderKind = {
  title: 'Fail a service over',
  verb: 'Fail it over',
  fields: [
    { name: 'service', label: 'Service', names: () => services.list.map(({ service }) => service) },
    { name: 'to', label: 'To', names: clusterNames },
    {
      ...{ name: 'percent', label: 'Share, %', usual: '100' },
      hint: 'Of the requests of every cluster',
      fault: (text) => (Number.isFinite(Number(text)) ? undefined : 'Write a number'),
    },
  ],
  order: ({ service = '', to, percent }) => ({
    path: failoverPath(service),
    body: { to, percent: Number(percent) },
  }),
};

export const orderKinds = { drain, failover };

/** `service` as `orders.shop`. */
export function failoverPath(service: string): string {
  const [name, namespace] = service.split('.');
  return `/v1/services/${namespace}/${name}/failover`;
}

export function OrderForm({
  kind: { title, verb, fields, order },
  open,
  onClose,
  onDone,
}: {
  readonly kind: OrderKind;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const blank: Values = Object.fromEntries(fields.map(({ name, usual = '' }) => [name, usual]));
  const [values, setValues] = useState(blank);
  const [reason, setReason] = useState('');
  const giving = useAction(async () => {
    const { path, body } = order(values);
    const why = reason.trim();
    await call(path, { method: 'POST', body: { ...body, ...(why !== '' && { reason: why }) } });
  });
  const submit = async () => {
    if (!(await giving.run())) return;
    setValues(blank);
    setReason('');
    onDone();
  };
  const isReady = fields.every(({ name, names }) => !names || values[name] !== '');
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <Form onSubmit={() => void submit()}>
        {fields.map(({ name, label, hint, names, fault }) => {
          const value = values[name] ?? '';
          const onChange = (text: string) => setValues({ ...values, [name]: text });
          const field = { label, hint, value, onChange };
          return names ? (
            <ChoiceField key={name} {...field} names={names()} />
          ) : (
            <TextField key={name} {...field} mono error={fault?.(value)} />
          );
        })}
        <TextField
          label="Reason"
          value={reason}
          onChange={setReason}
          hint="For those who see it happen. Optional."
        />
        <ProblemNote problem={giving.problem} />
        <div class="form-actions">
          <button type="submit" class="button button-danger" disabled={giving.busy || !isReady}>
            {verb}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
