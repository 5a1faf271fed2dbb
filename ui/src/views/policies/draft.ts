/** Owns what was typed of policies and is not saved: it stays when another view is looked at, until it is saved or given up. */
import { signal } from '@preact/signals';

/** What the text was made from: a change is made to just that. */
export interface Base {
  readonly tag: string;
  readonly at: number;
  readonly set?: string;
}

interface Draft {
  readonly text: string;
  /** Undefined for a new policy. */
  readonly base: Base | undefined;
}

/** By what is edited. */
const drafts = signal<ReadonlyMap<string, Draft>>(new Map());

export function draftOf(of: string): Draft | undefined {
  return drafts.value.get(of);
}

export function keepDraft(of: string, draft: Draft): void {
  drafts.value = new Map(drafts.peek()).set(of, draft);
}

export function forgetDraft(of: string): void {
  const next = new Map(drafts.peek());
  next.delete(of);
  drafts.value = next;
}
