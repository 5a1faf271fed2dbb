/** Owns inviting a cluster: a token to take there, shown once. */
import { useState } from 'preact/hooks';
import type { CreatedToken } from '../../../../gateway/control/api/answers.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { parseDuration } from '../../format/duration.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Fingerprint } from '../../ui/fingerprint.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Time } from '../../ui/time.tsx';

export function CreateToken({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const [ttl, setTtl] = useState('15m');
  const [replaces, setReplaces] = useState('');
  const [created, setCreated] = useState<CreatedToken>();
  const creation = useAction(async () => {
    const body = { ttl, ...(replaces.trim() !== '' && { replaces: replaces.trim() }) };
    setCreated(await call<CreatedToken>('/v1/tokens', { method: 'POST', body }));
  });
  const close = () => {
    setCreated(undefined);
    creation.forget();
    onClose();
  };
  return (
    <Dialog title="Invite a cluster" open={open} onClose={close} wide>
      {created ? (
        <div class="stack">
          <p>
            Take this token to the cluster that shall join, by a way that nobody else reads. It
            works once, and expires <Time at={created.expiresAt} />.
          </p>
          <textarea class="mono token" readonly rows={5} aria-label="Join token">
            {created.token}
          </textarea>
          <div class="form-actions">
            <CopyButton text={created.token} what="the token" />
          </div>
          <p>There, run</p>
          <pre class="mono">isthmus join --token-file token</pre>
          <p>
            or paste it into <em>Join a federation</em>. It pins root{' '}
            <Fingerprint value={created.fingerprint} />.
          </p>
        </div>
      ) : (
        <Form onSubmit={() => void creation.run()}>
          <TextField
            label="Valid for"
            mono
            required
            value={ttl}
            onChange={setTtl}
            hint="As 15m or 1h. Used or not, then it is worthless."
            error={
              parseDuration(ttl) === undefined ? 'Write a duration as 15m, 1h or 90s' : undefined
            }
          />
          <TextField
            label="In place of"
            mono
            value={replaces}
            onChange={setReplaces}
            hint="Only for a cluster that lost its data, with all its gateways: its name. It joins anew by this token, and all that it had in the registry goes."
          />
          <ProblemNote problem={creation.problem} />
          <div class="form-actions">
            <button type="submit" class="button button-primary" disabled={creation.busy}>
              Create the token
            </button>
          </div>
        </Form>
      )}
    </Dialog>
  );
}
