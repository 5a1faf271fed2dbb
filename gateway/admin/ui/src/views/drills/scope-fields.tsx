/** Owns the fields that say where a drill strikes, how hard and how long. */
import { parseDuration } from '../../format/duration.ts';
import { clusters, services } from '../../live/store.ts';
import { ChoiceField, SelectField, TextField } from '../../ui/field.tsx';
import { type Draft, type Target, targetsOf } from './draft.ts';

const targetTitles: Readonly<Record<Target, string>> = {
  cluster: 'A whole cluster',
  service: 'A service, everywhere',
  'service-in-cluster': 'A service in one cluster',
  link: 'The link between two clusters',
  zone: 'A zone',
  everywhere: 'Every cluster',
};

export interface DraftFieldsProps {
  readonly written: Draft;
  readonly onChange: (patch: Partial<Draft>) => void;
}

export function ScopeFields({ written, onChange }: DraftFieldsProps) {
  const { kind, target } = written;
  const names = clusters.list.map(({ cluster }) => cluster).sort();
  const choose = (
    label: string,
    field: 'cluster' | 'service' | 'zone' | 'from' | 'to',
    options: readonly string[],
  ) => (
    <ChoiceField
      label={label}
      value={written[field]}
      onChange={(value) => onChange({ [field]: value })}
      names={options}
    />
  );
  return (
    <div class="form">
      <SelectField
        label="Where"
        value={target}
        onChange={(value) => onChange({ target: value as Target })}
        options={targetsOf[kind].map((one) => [one, targetTitles[one]])}
      />
      <div class="form-row">
        {(target === 'service' || target === 'service-in-cluster') &&
          choose(
            'Service',
            'service',
            services.list.map(({ service }) => service),
          )}
        {(target === 'cluster' || target === 'service-in-cluster' || target === 'zone') &&
          choose('Cluster', 'cluster', names)}
        {target === 'zone' &&
          choose(
            'Zone',
            'zone',
            clusters.list.find(({ cluster }) => cluster === written.cluster)?.zones ?? [],
          )}
        {target === 'link' && choose('From', 'from', names)}
        {target === 'link' && choose('To', 'to', names)}
      </div>
      {kind === 'slow' && (
        <div class="form-row">
          <DurationField label="Delay" field="delay" written={written} onChange={onChange} />
          <DurationField label="Jitter" field="jitter" written={written} onChange={onChange} />
        </div>
      )}
      {kind === 'fail' && (
        <div class="form-row">
          <TextField
            label="Share of requests, %"
            value={written.failPercent}
            onChange={(failPercent) => onChange({ failPercent })}
          />
          <TextField
            label="Answered with status"
            value={written.failStatus}
            onChange={(failStatus) => onChange({ failStatus })}
          />
        </div>
      )}
      <div class="form-row">
        <DurationField
          label="Ramp"
          field="ramp"
          hint="From nothing to all, and back"
          written={written}
          onChange={onChange}
        />
        <DurationField
          label="Duration"
          field="duration"
          hint="In force in full"
          written={written}
          onChange={onChange}
        />
      </div>
      <TextField
        label="Reason"
        hint="For those who see it happen. Optional."
        value={written.reason}
        onChange={(reason) => onChange({ reason })}
      />
    </div>
  );
}

export function DurationField({
  label,
  field,
  hint,
  optional = false,
  written,
  onChange,
}: DraftFieldsProps & {
  readonly label: string;
  readonly field: 'ramp' | 'duration' | 'delay' | 'jitter' | 'timeLimit' | 'rto' | 'p99';
  readonly hint?: string;
  readonly optional?: boolean;
}) {
  const value = written[field];
  const missing = optional && value.trim() === '';
  return (
    <TextField
      label={label}
      hint={hint}
      mono
      value={value}
      onChange={(text) => onChange({ [field]: text })}
      error={
        missing || parseDuration(value) !== undefined
          ? undefined
          : 'Write a duration as 250ms, 10s or 2m'
      }
    />
  );
}
