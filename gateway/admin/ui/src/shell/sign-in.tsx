/** Owns asking who it is, once a gateway on a network wants to know. */
import { useState } from 'preact/hooks';
import { signIn, signInWanted } from '../api/token.ts';
import { retryNow } from '../live/store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Form } from '../ui/form.tsx';

export function SignIn() {
  const [text, setText] = useState('');
  return (
    <Dialog
      title="Who are you?"
      open={signInWanted.value}
      onClose={() => {
        signInWanted.value = false;
      }}
    >
      <Form
        onSubmit={() => {
          if (text.trim() === '') return;
          signIn(text.trim());
          setText('');
          retryNow();
        }}
      >
        <TextField
          label="Bearer token"
          secret
          mono
          required
          value={text}
          onChange={setText}
          hint="This gateway answers only those it knows. The token stays in this tab and is gone when it closes."
        />
        <div class="form-actions">
          <button type="submit" class="button button-primary">
            Sign in
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
