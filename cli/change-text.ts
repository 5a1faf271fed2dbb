/** Owns how a field that is another than it was is said in a line. */
import { printable } from './terminal.ts';

interface Change {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** `+ field: now`, `- field: before`, `~ field: before -> now`. */
export function changeText({ field, before, after }: Change): string {
  const [was, is] = [valueText(before), valueText(after)];
  const name = field === '' ? '' : `${field}: `;
  if (before === undefined) return printable(`+ ${name}${is}`);
  return printable(after === undefined ? `- ${name}${was}` : `~ ${name}${was} -> ${is}`);
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
