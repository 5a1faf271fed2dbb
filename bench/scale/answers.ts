/** Owns how long a gateway takes to answer those who look at it: over the admin API, and what its UI reads. */
import { quantile } from '../machine.ts';

/** Each is asked for so often. */
const times = 5;

export interface Answer {
  readonly what: string;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly kib: number;
}

const questions: readonly (readonly [what: string, path: string])[] = [
  ['status', '/v1/status'],
  ['check', '/v1/check'],
  ['metrics', '/metrics'],
  ['get services, a page', '/v1/services?limit=100'],
  ['get endpoints of a service', '/v1/endpoints?service=s7.made'],
  ['get endpoints, a page', '/v1/endpoints?limit=100'],
  ['get exports, a page', '/v1/exports?limit=100'],
  ['explain', '/v1/explain/s7.made'],
  ['get services, all', '/v1/services'],
];

/** Asks one after the other. */
export async function askAll(admin: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [what, path] of questions) {
    const samples: number[] = [];
    let kib = 0;
    for (let i = 0; i < times; i++) {
      const started = performance.now();
      const response = await fetch(admin + path);
      const body = await response.arrayBuffer();
      samples.push(performance.now() - started);
      if (!response.ok && path !== '/v1/check') {
        throw new Error(`${path}: ${new TextDecoder().decode(body)}`);
      }
      kib = Math.round(body.byteLength / 1024);
    }
    answers.push({
      ...{ what, kib },
      medianMs: quantile(samples, 0.5),
      worstMs: Math.max(...samples),
    });
  }
  return answers;
}
