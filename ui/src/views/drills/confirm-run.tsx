/** Owns asking once more before a drill moves the traffic of people who did not ask for it. */
import { kinds, type Prediction, scopeText } from '../../api/drills.ts';
import { percent, rate } from '../../format/number.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { draft, specOf } from './draft.ts';

export function ConfirmRun({
  open,
  prediction,
  onAnswer,
}: {
  readonly open: boolean;
  readonly prediction: Prediction | undefined;
  readonly onAnswer: (yes: boolean) => void;
}) {
  const { kind, ramp, duration } = draft.value;
  const { title } = kinds[kind];
  return (
    <Dialog title="Run it now?" open={open} onClose={() => onAnswer(false)}>
      <div class="stack">
        <p>
          <strong>
            {title} {scopeText(specOf(draft.value).scope ?? {})}
          </strong>{' '}
          for {duration}, over a ramp of {ramp}, with the traffic there is.
        </p>
        {prediction === undefined ? (
          <p>What it would do is not known: there is no prediction yet.</p>
        ) : (
          <ul>
            {prediction.clusters.map(({ cluster, before, after, shareBefore, shareAfter }) => (
              <li key={cluster} class="num">
                {cluster}:{' '}
                {prediction.measured
                  ? `${rate(before)}/s, then ${rate(after)}/s`
                  : `${percent(shareBefore)}, then ${percent(shareAfter)}`}
              </li>
            ))}
          </ul>
        )}
        <div class="form-actions">
          <button type="button" class="button" onClick={() => onAnswer(false)}>
            Not now
          </button>
          <button type="button" class="button button-danger" onClick={() => onAnswer(true)}>
            {title} now
          </button>
        </div>
      </div>
    </Dialog>
  );
}
