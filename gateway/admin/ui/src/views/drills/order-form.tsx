/** Owns the form of a standing order: what it needs to know, the reason, and giving it; a refusal leaves everything typed where it is. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useAction } from '../../api/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

/** How an order is opened and closed, whichever it is. */
export interface OrderProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export interface OrderFormProps extends OrderProps {
  readonly title: string;
  /** What the button says. */
  readonly verb: string;
  /** Whether enough is filled in. */
  readonly isReady: boolean;
  /** Gives the order, with the reason if there is one. Throws what refuses it. */
  readonly give: (why: { readonly reason?: string }) => Promise<void>;
  readonly children: ComponentChildren;
}

export function OrderForm(props: OrderFormProps) {
  const { title, verb, isReady, give, open, onClose, onDone, children } = props;
  const [reason, setReason] = useState('');
  const order = useAction(async () => {
    const text = reason.trim();
    await give(text === '' ? {} : { reason: text });
  });
  const submit = async () => {
    if (!(await order.run())) return;
    setReason('');
    onDone();
  };
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <Form onSubmit={() => void submit()}>
        {children}
        <TextField
          label="Reason"
          value={reason}
          onChange={setReason}
          hint="For those who see it happen. Optional."
        />
        <ProblemNote problem={order.problem} />
        <div class="form-actions">
          <button type="submit" class="button button-danger" disabled={order.busy || !isReady}>
            {verb}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
