/**
 * Owns deciding whether a history of calls, some at the same time, could have come of calls one at a time, each at a moment between its
 * beginning and its end: the search of Wing and Gong, which remembers what it has tried, as Lowe's does.
 */

export interface Call<Input, Output> {
  readonly input: Input;
  /** Undefined where no answer came: it may have been done at any time since, or never. */
  readonly output: Output | undefined;
  /** Moments of one clock, in any unit. */
  readonly began: number;
  /** Of one without an answer it does not count. */
  readonly ended: number;
}

/** What is called, if calls come one at a time. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The states that a call with this answer may leave; none where it can't be answered so. Without an answer: all that it may leave. */
  step(state: State, input: Input, output: Output | undefined): readonly State[];
  /** The same for the same states. */
  keyOf(state: State): string;
}

type Verdict<Input, Output> =
  | { readonly kind: 'linearizable'; readonly order: readonly Call<Input, Output>[] }
  | {
      readonly kind: 'impossible';
      /** As many calls as could be put in an order. */
      readonly order: readonly Call<Input, Output>[];
      /** Those of which one would have to be next, and none can. */
      readonly next: readonly Call<Input, Output>[];
    };

/** A call that has been given its place, and what there is to try after it. */
interface Placed<State> {
  readonly index: number;
  readonly state: State;
}

export function linearize<State, Input, Output>(
  history: readonly Call<Input, Output>[],
  model: Model<State, Input, Output>,
): Verdict<Input, Output> {
  const calls = history.toSorted((a, b) => a.began - b.began);
  const answered = calls.filter(({ output }) => output !== undefined).length;
  const isPlaced = calls.map(() => false);
  const order: Call<Input, Output>[] = [];
  const tried = new Set<string>();
  let longest: Extract<Verdict<Input, Output>, { kind: 'impossible' }> = {
    ...{ kind: 'impossible', order: [], next: candidates() },
  };
  return place(model.initial, answered) ? { kind: 'linearizable', order } : longest;

  /** Those that may come next: they began before any of the rest has ended. */
  function candidates(): Call<Input, Output>[] {
    return candidateIndexes().flatMap((index) => calls[index] ?? []);
  }

  function candidateIndexes(): number[] {
    let firstEnd = Number.POSITIVE_INFINITY;
    for (const [i, { output, ended }] of calls.entries()) {
      if (!isPlaced[i] && output !== undefined) firstEnd = Math.min(firstEnd, ended);
    }
    return calls.flatMap(({ began }, i) => (!isPlaced[i] && began <= firstEnd ? [i] : []));
  }

  function nextOf(state: State): Placed<State>[] {
    return candidateIndexes().flatMap((index) => {
      const call = calls[index];
      if (call === undefined) return [];
      const states = model.step(state, call.input, call.output);
      return states.map((after) => ({ index, state: after }));
    });
  }

  /** Whether the rest can be put in an order, from this state on; `left` of it have an answer. */
  function place(state: State, left: number): boolean {
    if (left === 0) return true;
    const key = `${isPlaced.map(Number).join('')} ${model.keyOf(state)}`;
    if (tried.has(key)) return false;
    tried.add(key);
    for (const { index, state: after } of nextOf(state)) {
      const call = calls[index];
      if (call === undefined) continue;
      isPlaced[index] = true;
      order.push(call);
      if (place(after, left - (call.output === undefined ? 0 : 1))) return true;
      if (order.length > longest.order.length) {
        longest = { kind: 'impossible', order: [...order], next: candidates() };
      }
      order.pop();
      isPlaced[index] = false;
    }
    return false;
  }
}
