/** Owns compressing what the admin API answers, by what `Accept-Encoding` asks for. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyInstance } from 'fastify';

/** Answers of fewer bytes gain less than a packet. */
const threshold = 1024;

const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const compressors = {
  br: (answer: string) => promisify(brotliCompress)(answer, brotliOptions),
  gzip: (answer: string) => promisify(gzip)(answer),
};
const encodings = ['br', 'gzip', 'identity'];

/**
 * Texts only. Streams of events see to themselves (`live/gzip.ts`): an event must not wait for the next one. Files of the UI lie there
 * compressed, and other clusters' answers come so. Requests are never decompressed: a small one could become a large one.
 */
export function installCompression(app: FastifyInstance): void {
  app.addHook('onSend', async ({ headers }, reply, answer) => {
    if (typeof answer !== 'string' || answer.length < threshold) return answer;
    const vary = [reply.getHeader('vary'), 'accept-encoding'].filter(Boolean).join(', ');
    reply.header('vary', vary);
    const encoding = negotiate(headers['accept-encoding'] ?? 'identity', encodings);
    if (encoding !== 'br' && encoding !== 'gzip') return answer;
    const compressed = await compressors[encoding](answer);
    reply.header('content-encoding', encoding).header('content-length', compressed.length);
    return compressed;
  });
}
