/** Owns what a view asks for itself, beside the live stream: fetched when its path changes, and every so often. */
import { useEffect, useState } from 'preact/hooks';
import { vantage } from '../live/vantage.ts';
import { call } from './client.ts';
import { type Problem, problemOf } from './problem.ts';

interface Fetched<T> {
  /** The last answer; kept while a newer one is under way or failed. */
  readonly value: T | undefined;
  /** Why the last try failed. */
  readonly problem: Problem | undefined;
  /** True until the answer to the present path is there. */
  readonly loading: boolean;
  readonly again: () => void;
}

/** `path` undefined asks for nothing. `everyMs` asks again that long after each answer, while the page is seen, until there is no such thing (404). */
export function useFetched<T>(path: string | undefined, everyMs?: number): Fetched<T> {
  const from = vantage.value;
  const [state, setState] = useState<{
    from?: string | undefined;
    path?: string | undefined;
    value?: T | undefined;
    problem?: Problem | undefined;
  }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === undefined) return;
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      let goesOn = everyMs !== undefined;
      try {
        const value = await call<T>(path, { signal: aborter.signal });
        setState({ from, path, value });
      } catch (thrown) {
        if (aborter.signal.aborted) return;
        const problem = problemOf(thrown);
        // What there is not will not be there for being asked again.
        goesOn &&= problem.status !== 404;
        setState((last) => ({ ...(last.from === from && last), from, path, problem }));
      }
      if (goesOn && !aborter.signal.aborted) timer = setTimeout(next, everyMs);
    };
    const next = () => {
      if (document.hidden) timer = setTimeout(next, everyMs);
      else void ask();
    };
    void ask();
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [path, from, everyMs, round]);
  return {
    value: path === undefined || state.from !== from ? undefined : state.value,
    problem: state.path === path && state.from === from ? state.problem : undefined,
    loading: path !== undefined && (state.path !== path || state.from !== from),
    again: () => setRound((n) => n + 1),
  };
}
