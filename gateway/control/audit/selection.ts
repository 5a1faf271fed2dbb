/** Owns which entries of the audit somebody wants to see. */
export const outcomes = ['done', 'refused', 'failed'] as const;

export interface Selection {
  /** What the caller's name has in it. */
  readonly actor?: string | undefined;
  /** The operation's whole name. */
  readonly operation?: string | undefined;
  /** What the object, or the path, has in it. */
  readonly resource?: string | undefined;
  readonly outcome?: (typeof outcomes)[number] | undefined;
}

/** The fields of an entry that it is selected by. */
interface Selected {
  readonly who: string;
  readonly operation?: string | undefined;
  readonly object?: string | undefined;
  readonly path: string;
  readonly status: number;
}

/** Pure. */
export function isSelected(
  entry: Selected,
  { actor = '', operation, resource = '', outcome }: Selection,
): boolean {
  if (!entry.who.includes(actor)) return false;
  if (operation !== undefined && entry.operation !== operation) return false;
  if (!entry.path.includes(resource) && !entry.object?.includes(resource)) return false;
  return outcome === undefined || outcomeOf(entry.status) === outcome;
}

function outcomeOf(status: number): (typeof outcomes)[number] {
  if (status < 400) return 'done';
  return status < 500 ? 'refused' : 'failed';
}
