/** Owns the form that asks for a token, once the gateway wants one; a token that the gateway does not know is said to be so. */
import { useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import { trySignIn } from '../api/session.ts';
import { signInWanted } from '../api/token.ts';
import { retryNow } from '../live/store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Form } from '../ui/form.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';

export function SignIn() {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const wanted = signInWanted.value;
  const submit = async () => {
    if (text.trim() === '' || busy) return;
    setBusy(true);
    const why = await trySignIn(text.trim());
    setBusy(false);
    setProblem(why);
    if (why !== undefined) return;
    setText('');
    retryNow();
  };
  return (
    <Dialog
      title="Who are you?"
      open={wanted !== undefined}
      onClose={() => {
        setProblem(undefined);
        signInWanted.value = undefined;
      }}
    >
      <Form onSubmit={() => void submit()}>
        <TextField
          label="Bearer token"
          secret
          mono
          required
          first
          value={text}
          onChange={setText}
          hint="This gateway answers only those it knows. The token stays in this tab and is gone when it closes."
        />
        <ProblemNote problem={problem ?? wanted?.why} />
        <div class="form-actions">
          <button type="submit" class="button button-primary" disabled={busy}>
            Sign in
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
