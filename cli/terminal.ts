/** Owns what reaches the terminal: the process's streams, colors only where they show, and no control codes from outside. */
import { type InspectColor, styleText } from 'node:util';

/** The process's surroundings, as one value that verbs are handed. */
export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Colors text that goes to one stream. */
export type Paint = (color: InspectColor, text: string) => string;

/** Colors for `stream`: none unless it is a terminal, none with NO_COLOR, always with FORCE_COLOR. */
export function painter(stream: NodeJS.WriteStream): Paint {
  return (color, text) => styleText(color, text, { stream });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text that may come from another cluster, made safe to print: control characters and changes of
 * writing direction become `\x1b`-like escapes, so that it can't drive the terminal. Line breaks stay.
 */
export function printable(text: string): string {
  return text.replace(control, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code}`;
  });
}
