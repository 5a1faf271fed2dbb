/** Owns an act of the user as a component sees it: running, refused with a reason, or done. */
import { useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from './problem.ts';

interface Action<Args extends readonly unknown[]> {
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  /** Resolves to whether it went through; one at a time. */
  readonly run: (...args: Args) => Promise<boolean>;
  readonly forget: () => void;
}

export function useAction<Args extends readonly unknown[]>(
  act: (...args: Args) => Promise<void>,
): Action<Args> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const running = useRef(false);
  const run = async (...args: Args): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await act(...args);
      return true;
    } catch (thrown) {
      setProblem(problemOf(thrown));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, problem, run, forget: () => setProblem(undefined) };
}
