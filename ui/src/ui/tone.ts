/** Owns the tones in which states are shown; each has one meaning everywhere. */

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet' | 'spill';
