/** Specifies the checker of histories: which could have come of calls that were made one at a time, and which could not. */
import test from 'ava';
import fc from 'fast-check';
import { type Call, linearize, type Model } from '../support/linearizability.ts';

type Input = { readonly write: number } | 'read' | { readonly from: number; readonly to: number };
type Output = number | boolean;
type Step = readonly [input: Input, output: Output | undefined, began: number, ended: number];

/** A number that is written, read, and replaced where it is what somebody expects. */
const register: Model<number, Input, Output> = {
  initial: 0,
  step(state, input, output) {
    if (input === 'read') return output === undefined || output === state ? [state] : [];
    if ('write' in input) return [input.write];
    const after = state === input.from ? input.to : state;
    return output === undefined || output === (state === input.from) ? [after] : [];
  },
  keyOf: String,
};

function callOf([input, output, began, ended]: Step): Call<Input, Output> {
  return { input, output, began, ended };
}

const one: Input = { write: 1 };
const two: Input = { write: 2 };
const swap = (from: number, to: number): Input => ({ from, to });
/** Whoever asked for it never heard of it again. */
const lost: Step = [one, undefined, 0, 1];

const possible: Readonly<Record<string, readonly Step[]>> = {
  nothing: [],
  'a read of what was there from the beginning': [['read', 0, 0, 1]],
  'a read after a write': [
    [one, true, 0, 1],
    ['read', 1, 2, 3],
  ],
  'a read beside a write, of what was before': [
    [one, true, 0, 9],
    ['read', 0, 2, 3],
  ],
  'a read beside a write, of what it writes': [
    [one, true, 0, 9],
    ['read', 1, 2, 3],
  ],
  'two writes at once, in the order that readers see': [
    [two, true, 0, 10],
    [one, true, 0, 10],
    ['read', 1, 1, 4],
    ['read', 2, 5, 8],
  ],
  'a write without an answer that is seen': [lost, ['read', 1, 5, 6]],
  'a write without an answer that is never seen': [lost, ['read', 0, 5, 6]],
  'a write without an answer that is seen late': [lost, ['read', 0, 5, 6], ['read', 1, 7, 8]],
  'a swap that one of two at once wins': [
    [swap(0, 1), true, 0, 9],
    [swap(0, 2), false, 0, 9],
    ['read', 1, 10, 11],
  ],
  'a swap that is lost to one without an answer': [
    [swap(0, 1), undefined, 0, 1],
    [swap(0, 2), false, 2, 3],
  ],
};

const impossible: Readonly<Record<string, readonly Step[]>> = {
  'a read of what nobody wrote': [['read', 7, 0, 1]],
  'a read of what a write that had ended replaced': [
    [one, true, 0, 1],
    ['read', 0, 2, 3],
  ],
  'two reads beside a write, of which the second sees less': [
    [one, true, 0, 9],
    ['read', 1, 1, 2],
    ['read', 0, 3, 4],
  ],
  'two writes that had ended, seen one after the other': [
    [one, true, 0, 9],
    [two, true, 0, 9],
    ['read', 1, 10, 11],
    ['read', 2, 12, 13],
  ],
  'a write without an answer that is seen, and then is not': [
    lost,
    ['read', 1, 5, 6],
    ['read', 0, 7, 8],
  ],
  'a write without an answer that is seen before it began': [
    ['read', 1, 0, 1],
    [one, undefined, 2, 3],
  ],
  'a swap that two at once win': [
    [swap(0, 1), true, 0, 9],
    [swap(0, 2), true, 0, 9],
  ],
  'a swap that is lost though nobody won': [[swap(0, 1), false, 0, 1]],
};

for (const [histories, kind] of [
  [possible, 'linearizable'],
  [impossible, 'impossible'],
] as const) {
  for (const [what, steps] of Object.entries(histories)) {
    test(`${what}: ${kind}`, (t) => t.is(linearize(steps.map(callOf), register).kind, kind));
  }
}

test('of an impossible history it is said how far an order goes, and who is stuck', (t) => {
  const write = callOf([one, true, 0, 1]);
  const read = callOf(['read', 0, 2, 3]);
  const expected = { kind: 'impossible', order: [write], next: [read] } as const;
  t.deepEqual(linearize([read, write], register), expected);
});

/** Tries every order. */
function isPossible(calls: readonly Call<Input, Output>[], state: number): boolean {
  const ends = calls.flatMap(({ output, ended }) => (output === undefined ? [] : [ended]));
  if (ends.length === 0) return true;
  return calls.some((call) => {
    if (call.began > Math.min(...ends)) return false;
    const rest = calls.filter((other) => other !== call);
    return register.step(state, call.input, call.output).some((after) => isPossible(rest, after));
  });
}

const few = fc.integer({ min: 0, max: 2 });
const anyInput: fc.Arbitrary<Input> = fc.oneof(
  fc.constant<Input>('read'),
  few.map((write) => ({ write })),
  fc.tuple(few, few).map(([from, to]) => swap(from, to)),
);
const anyCall = fc
  .record({ input: anyInput, value: few, isLost: fc.boolean(), at: fc.nat(9), lasts: fc.nat(5) })
  .map(({ input, value, isLost, at, lasts }): Call<Input, Output> => {
    const output = isLost ? undefined : input === 'read' ? value : value > 0;
    return { input, output, began: at, ended: at + lasts };
  });

test('of any few calls it says what trying every order says', (t) => {
  const found = { linearizable: 0, impossible: 0 };
  fc.assert(
    fc.property(fc.array(anyCall, { maxLength: 6 }), (calls) => {
      const { kind } = linearize(calls, register);
      found[kind]++;
      return (kind === 'linearizable') === isPossible(calls, 0);
    }),
    { numRuns: 2_000 },
  );
  t.true(Math.min(found.linearizable, found.impossible) > 100, JSON.stringify(found));
});

test('a thousand calls, thirty at a time, are judged', (t) => {
  const calls = Array.from({ length: 1_000 }, (_, i) => callOf([swap(i, i + 1), true, i, i + 30]));
  t.is(linearize(calls, register).kind, 'linearizable');
});
