/** Owns joining a federation with a token: first what it would change, then, once confirmed, doing it. */
import { useState } from 'preact/hooks';
import type { JoinResult } from '../../../../gateway/control/api/answers.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Fingerprint } from '../../ui/fingerprint.tsx';
import { Form } from '../../ui/form.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';

export function JoinFederation({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const [token, setToken] = useState('');
  const [result, setResult] = useState<JoinResult>();
  const join = useAction(async (dryRun: boolean) => {
    const body = { token: token.trim(), dryRun };
    setResult(await call<JoinResult>('/v1/federation/join', { method: 'POST', body }));
  });
  const close = () => {
    if (result?.joined) setToken('');
    setResult(undefined);
    join.forget();
    onClose();
  };
  return (
    <Dialog title="Join a federation" open={open} onClose={close} wide>
      <Form onSubmit={() => void join.run(result === undefined)}>
        {!result?.joined && (
          <TextField
            label="Join token"
            mono
            required
            rows={4}
            value={token}
            onChange={(text) => {
              setToken(text);
              setResult(undefined);
            }}
            hint="From a member: isthmus token create, or Invite a cluster in its UI. Nothing changes before you confirm."
          />
        )}
        {result && <JoinPreview result={result} />}
        <ProblemNote problem={join.problem} />
        <div class="form-actions">
          {result?.joined ? (
            <button type="button" class="button button-primary" onClick={close}>
              Done
            </button>
          ) : (
            <button
              type="submit"
              class="button button-primary"
              disabled={join.busy || result?.lines.some(({ outcome }) => outcome === 'refused')}
            >
              {result ? `Join ${result.federation}` : 'Show what would change'}
            </button>
          )}
        </div>
      </Form>
    </Dialog>
  );
}

const markOf = { ok: 'Well', warning: 'Doubtful', refused: 'Refused' } as const;

function JoinPreview({ result }: { readonly result: JoinResult }) {
  const { federation, via, fingerprint, adds, lines, changes, gains, joined } = result;
  return (
    <div class="preview">
      <p>
        {joined ? 'Joined' : 'Would join'} <strong>{federation}</strong> by way of {via}, whose root
        is <Fingerprint value={fingerprint} />.
      </p>
      <p>Looked at, from here and from there:</p>
      <ul>
        {lines.map(({ subject, outcome, what, fix }) => (
          <li key={`${subject} ${what}`}>
            <strong>{markOf[outcome]}</strong>: {what}
            {fix !== undefined && <div class="faint">{fix}</div>}
          </li>
        ))}
      </ul>
      <p>{joined ? 'What changed:' : 'What would change:'}</p>
      <ul>
        {changes.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
      <p>Who gains what:</p>
      <ul>
        {gains.map(({ identity, gains: what }) => (
          <li key={identity}>
            <span class="mono">{identity}</span>: {what}
          </li>
        ))}
      </ul>
      <p>{joined ? 'Believed from now on:' : 'Would be believed from then on:'}</p>
      <ul>
        {adds.clusters.map((cluster) => (
          <li key={cluster.cluster}>
            <strong>{cluster.cluster}</strong> in {cluster.region}, root{' '}
            <Fingerprint value={cluster.fingerprint} />
          </li>
        ))}
      </ul>
    </div>
  );
}
