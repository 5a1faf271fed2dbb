/** Owns numbers as text: short, and as wide as their neighbours in a column. */

const missing = '–';

/** Requests a second: `0`, `0.4`, `12.3`, `1,204`. */
export function rate(value: number | undefined | null): string {
  if (value === undefined || value === null || Number.isNaN(value)) return missing;
  if (value === 0) return '0';
  if (value < 0.05) return '<0.1';
  return grouped(value, value < 100 ? 1 : 0);
}

export function count(value: number | undefined): string {
  return value === undefined ? missing : grouped(value, 0);
}

/** A ratio from 0 to 1: `0 %`, `0.3 %`, `12 %`. */
export function percent(ratio: number | undefined | null): string {
  if (ratio === undefined || ratio === null || Number.isNaN(ratio)) return missing;
  const value = ratio * 100;
  if (value === 0) return '0 %';
  if (value < 0.1) return '<0.1 %';
  return `${grouped(value, value < 10 ? 1 : 0)} %`;
}

/** Milliseconds: `0 ms`, `0.42 ms`, `4.2 ms`, `42 ms`, `1.2 s`, `2 s`. */
export function ms(value: number | undefined | null): string {
  if (value === undefined || value === null || Number.isNaN(value)) return missing;
  if (value >= 1_000) return `${grouped(value / 1_000, value % 1_000 === 0 ? 0 : 1)} s`;
  if (value === 0) return '0 ms';
  return `${grouped(value, value < 1 ? 2 : value < 10 ? 1 : 0)} ms`;
}

function grouped(value: number, digits: number): string {
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
