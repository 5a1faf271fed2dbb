/** Owns the fields of a drill's guardrails and objectives. */
import { TextField } from '../../ui/field.tsx';
import { type DraftFieldsProps, DurationField } from './scope-fields.tsx';

export function RailFields({ written, onChange }: DraftFieldsProps) {
  const number = (
    label: string,
    field: 'errorRate' | 'load' | 'minHealthy' | 'errorBudget',
    hint: string,
  ) => (
    <TextField
      label={label}
      hint={hint}
      mono
      value={written[field]}
      onChange={(value) => onChange({ [field]: value })}
      error={Number.isFinite(Number(written[field])) ? undefined : 'Write a number'}
    />
  );
  return (
    <div class="form">
      <div class="form-row">
        {number('Errors, %', 'errorRate', 'At most this share of requests')}
        <DurationField
          label="p99"
          field="p99"
          hint="At most; empty: not watched"
          optional
          written={written}
          onChange={onChange}
        />
        {number('Load, %', 'load', 'Of a cluster’s capacity')}
      </div>
      <div class="form-row">
        {number('Healthy copies', 'minHealthy', 'At least, of each service')}
        <DurationField
          label="Time limit"
          field="timeLimit"
          hint="First effect to last"
          written={written}
          onChange={onChange}
        />
        <span />
      </div>
      <div class="form-row form-row-ruled">
        <DurationField
          label="Recovery objective"
          field="rto"
          hint="Until traffic has moved"
          written={written}
          onChange={onChange}
        />
        {number('Error budget, %', 'errorBudget', 'Of requests during the drill')}
        <span />
      </div>
    </div>
  );
}
