/** Owns asking once more before a policy is deleted, and deleting just the one that was seen. */
import { useLocation } from 'preact-iso';
import { call } from '../../api/client.ts';
import { apiPath, type PolicyId, scopeWords } from '../../api/policies.ts';
import { useAction } from '../../api/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

interface DeletePolicyProps {
  readonly id: PolicyId;
  readonly tag: string;
  readonly open: boolean;
  readonly onClose: () => void;
}

export function DeletePolicy({ id, tag, open, onClose }: DeletePolicyProps) {
  const { route } = useLocation();
  const deletion = useAction(async () => {
    await call(apiPath(id), { method: 'DELETE', ifMatch: tag });
    route('/policies');
  });
  const close = () => {
    deletion.forget();
    onClose();
  };
  return (
    <Dialog title="Delete it?" open={open} onClose={close}>
      <div class="stack">
        <p>
          The gateways of {scopeWords[id.scope]} go by {id.kind} {id.namespace}/{id.name} no more,
          from the next request on.
        </p>
        <ProblemNote problem={deletion.problem} />
        <div class="form-actions">
          <button type="button" class="button" onClick={close}>
            Keep it
          </button>
          <button
            type="button"
            class="button button-danger"
            disabled={deletion.busy}
            onClick={() => void deletion.run()}
          >
            Delete the policy
          </button>
        </div>
      </div>
    </Dialog>
  );
}
