/** Owns asking what a drill would do, a moment after the last change to it. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import type { Prediction } from '../../api/drills.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { type Draft, isComplete, specOf } from './draft.ts';

export interface PredictionState {
  readonly value: Prediction | undefined;
  readonly problem: Problem | undefined;
  /** False while the draft lacks something. */
  readonly asked: boolean;
}

const quietMs = 250;
/** The live registry changes too. */
const againMs = 5_000;

export function usePrediction(written: Draft): PredictionState {
  const asked = isComplete(written);
  // The reason changes nothing.
  const body = asked ? JSON.stringify(specOf({ ...written, reason: '' })) : undefined;
  const [state, setState] = useState<Omit<PredictionState, 'asked'>>({
    value: undefined,
    problem: undefined,
  });
  useEffect(() => {
    if (body === undefined) {
      setState({ value: undefined, problem: undefined });
      return;
    }
    const aborter = new AbortController();
    let timer = setTimeout(ask, quietMs);
    async function ask(): Promise<void> {
      try {
        const value = await call<Prediction>('/v1/drills/predict', {
          method: 'POST',
          body: JSON.parse(body ?? '{}'),
          signal: aborter.signal,
        });
        setState({ value, problem: undefined });
      } catch (thrown) {
        if (aborter.signal.aborted) return;
        setState({ value: undefined, problem: problemOf(thrown) });
      }
      if (!aborter.signal.aborted) timer = setTimeout(ask, againMs);
    }
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [body]);
  return { ...state, asked };
}
