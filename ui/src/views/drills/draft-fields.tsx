/** Owns the fields of a drill that is being composed: where it strikes, how hard and how long, its guardrails and objectives. */
import {
  type DrillField,
  drillFields,
  fieldsOf,
  type Overridable,
  overridable,
  type Target,
  targetsOf,
} from '../../../../federation/drills/fields.ts';
import type { DrillSpecInput, Prediction } from '../../api/drills.ts';
import { clusters, services } from '../../live/store.ts';
import { ChoiceField, SelectField, TextField } from '../../ui/field.tsx';
import { type Draft, faultOf, read } from './draft.ts';

const words: Readonly<Record<DrillField, readonly [label: string, hint?: string]>> = {
  cluster: ['Cluster'],
  service: ['Service'],
  zone: ['Zone'],
  from: ['From'],
  to: ['To'],
  delay: ['Delay'],
  jitter: ['Jitter'],
  failPercent: ['Share of requests, %'],
  failStatus: ['Answered with status'],
  ramp: ['Ramp', 'From nothing to all, and back'],
  duration: ['Duration', 'In force in full'],
  errorRate: ['Errors, %', 'At most this share of requests'],
  p99: ['p99', 'At most; empty: not watched'],
  load: ['Load, %', 'Of a cluster’s capacity'],
  minHealthy: ['Healthy copies', 'At least, of each service'],
  timeLimit: ['Time limit', 'First effect to last'],
  rto: ['Recovery objective', 'Until traffic has moved'],
  errorBudget: ['Error budget, %', 'Of requests during the drill'],
  reason: ['Reason', 'For those who see it happen. Optional.'],
};

const targetTitles: Readonly<Record<Target, string>> = {
  cluster: 'A whole cluster',
  service: 'A service, everywhere',
  'service-in-cluster': 'A service in one cluster',
  link: 'The link between two clusters',
  zone: 'A zone',
  everywhere: 'Every cluster',
};

interface DraftFieldsProps {
  readonly written: Draft;
  readonly onChange: (patch: Partial<Draft>) => void;
}

export function ScopeFields(props: DraftFieldsProps) {
  const { kind, target } = props.written;
  return (
    <div class="form">
      <SelectField
        label="Where"
        value={target}
        onChange={(value) => props.onChange({ target: value as Target })}
        options={targetsOf[kind].map((one) => [one, targetTitles[one]])}
      />
      <Row part="scope" {...props} />
      <Row part={kind} {...props} />
      <div class="form-row">
        <DraftField name="ramp" {...props} />
        <DraftField name="duration" {...props} />
      </div>
      <DraftField name="reason" {...props} />
    </div>
  );
}

export function RailFields(props: DraftFieldsProps) {
  return (
    <div class="form">
      <Row part="guardrails" {...props} />
      <Row part="objectives" ruled {...props} />
    </div>
  );
}

/** The fields of one part of a spec. */
function Row({
  part,
  ruled = false,
  ...props
}: DraftFieldsProps & { readonly part: string; readonly ruled?: boolean }) {
  const { kind, target } = props.written;
  const names = fieldsOf(kind, target).filter((one) =>
    drillFields[one].path.startsWith(`${part}.`),
  );
  return (
    <div class={ruled ? 'form-row form-row-ruled' : 'form-row'}>
      {names.map((name) => (
        <DraftField key={name} name={name} {...props} />
      ))}
    </div>
  );
}

function DraftField({ name, written, onChange }: DraftFieldsProps & { readonly name: DrillField }) {
  const [label, hint] = words[name];
  const { unit } = drillFields[name];
  const value = written[name];
  const shared = { label, hint, value, onChange: (text: string) => onChange({ [name]: text }) };
  if (unit === 'name') return <ChoiceField {...shared} names={namesOf(name, written)} />;
  return <TextField {...shared} mono={unit !== 'text'} error={faultOf(name, value)} />;
}

/** The names to choose from. */
function namesOf(name: DrillField, { cluster }: Draft): readonly string[] {
  if (name === 'service') return services.list.map(({ service }) => service);
  if (name === 'zone') return clusters.list.find((one) => one.cluster === cluster)?.zones ?? [];
  return clusters.list.map((one) => one.cluster).sort();
}

/** The limits as typed, by guardrail. */
export type Limits = Partial<Record<Overridable, string>>;

/** The guardrails that a drill is predicted to break, each once. */
export function brokenIn(prediction: Prediction | undefined): readonly Overridable[] {
  return overridable.filter((name) => prediction?.breaks.some((one) => one.guardrail === name));
}

/** The limits that a forced drill is held to, in the place of the guardrails it is predicted to break. */
export function OverrideFields({
  broken,
  limits,
  onChange,
}: {
  readonly broken: readonly Overridable[];
  readonly limits: Limits;
  readonly onChange: (limit: Limits) => void;
}) {
  return (
    <div class="form-row">
      {broken.map((name) => {
        const [label, hint] = words[name];
        const side = name === 'minHealthy' ? 'below' : 'above';
        return (
          <TextField
            key={name}
            label={`Instead end it ${side} ${label.charAt(0).toLowerCase()}${label.slice(1)}`}
            hint={hint}
            mono
            required
            value={limits[name] ?? ''}
            onChange={(text) => onChange({ [name]: text })}
          />
        );
      })}
    </div>
  );
}

/** The overrides to be sent; undefined while one is missing, or can't be read. */
export function overridesOf(
  broken: readonly Overridable[],
  limits: Limits,
): DrillSpecInput['overrides'] {
  const given = broken.map((name) => {
    const text = limits[name] ?? '';
    return [name, faultOf(name, text) === undefined ? read(name, text) : undefined] as const;
  });
  if (given.some(([, limit]) => limit === undefined)) return undefined;
  return Object.fromEntries(given);
}
