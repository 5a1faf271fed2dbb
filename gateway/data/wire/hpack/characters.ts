/** Owns reading characters of strings that come in every shape the engine has: parts, joined ones, its own, new ones. */

const { charCodeAt } = String.prototype;

/**
 * The same text, which the compiler knows for a string. Where more than four shapes are met, `text.length` and
 * `text.charCodeAt` are looked up as of any object, each time: a fifth of what a header block costs.
 */
export function asString(text: string): string {
  // biome-ignore lint/style/useTemplate: a template would be another look-up.
  return '' + text;
}

/** `text.charCodeAt(index)`. */
export function codeOf(text: string, index: number): number {
  return charCodeAt.call(text, index);
}
