/** Owns asking what would become of one request for a service: its URL, method, fields, who asks, and the answer step by step. */
import { useState } from 'preact/hooks';
import type { RequestExplanation } from '../../../../gateway/control/api/answers.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { RequestSteps } from './request-steps.tsx';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export function ExplainRequest({ host }: { readonly host: string }) {
  const [asked, setAsked] = useState({
    url: `http://${host}/`,
    ...{ method: 'GET', fields: '', as: '', source: '', token: '' },
  });
  const [told, setTold] = useState<RequestExplanation>();
  const change = (key: keyof typeof asked) => (value: string) =>
    setAsked({ ...asked, [key]: value });
  const asking = useAction(async () => {
    setTold(undefined);
    const { url, method, fields, as, source, token } = asked;
    const body = {
      ...{ url, method, headers: fieldsIn(fields) },
      ...(as.trim() !== '' && { as: as.trim() }),
      ...(source.trim() !== '' && { source: source.trim() }),
      ...(token.trim() !== '' && { token: token.trim() }),
    };
    setTold(await call<RequestExplanation>('/v1/explain', { method: 'POST', body }));
  });
  return (
    <Panel
      id="explain"
      title="Explain a request"
      lead="What would become of it, step by step, each with the policy that decides. Nothing is sent."
    >
      <div class="explain">
        <Form onSubmit={() => void asking.run()}>
          <TextField label="URL" value={asked.url} onChange={change('url')} required mono />
          <SelectField
            label="Method"
            value={asked.method}
            onChange={change('method')}
            options={methods.map((name) => [name, name])}
          />
          <TextField
            label="Fields"
            value={asked.fields}
            onChange={change('fields')}
            hint="One a line, name: value."
            rows={3}
            mono
          />
          <TextField
            label="As"
            value={asked.as}
            onChange={change('as')}
            placeholder="spiffe://dc1.acme/ns/shop/sa/web"
            hint="SPIFFE ID by which an ingress knows the client; default nobody."
            mono
          />
          <TextField
            label="Address of the client"
            value={asked.source}
            onChange={change('source')}
            placeholder="127.0.0.1"
            mono
          />
          <TextField
            label="Token"
            value={asked.token}
            onChange={change('token')}
            hint="JSON Web Token; kept nowhere."
            secret
            mono
          />
          <div class="form-actions">
            <button type="submit" class="button button-primary" disabled={asking.busy}>
              Explain it
            </button>
          </div>
        </Form>
        <div class="stack" aria-live="polite" aria-busy={asking.busy}>
          <ProblemNote problem={asking.problem} />
          {told && <RequestSteps told={told} />}
        </div>
      </div>
    </Panel>
  );
}

/** A line without a colon is a field without a value. */
function fieldsIn(text: string): { readonly name: string; readonly value: string }[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const at = line.indexOf(':');
      return at < 0
        ? { name: line.trim(), value: '' }
        : { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
    });
}
