/** Owns that etcd3 reads its services by `core/grpc-service.ts`: @grpc/proto-loader describes them as well, which nobody asks for. */
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

const reader = JSON.stringify(join(import.meta.dirname, '../core/grpc-service.ts'));
const mark = '\0undescribed';

/** A twentieth of the CPU time of a start: 0.05 s of 1 s, the embedded registry included, which does without as well. */
export const undescribed: Plugin = {
  name: 'undescribed',
  resolveId: (source, importer) =>
    source === '@grpc/proto-loader' && importer?.includes('/node_modules/etcd3/') ? mark : null,
  load: (id) => (id === mark ? `export { servicesIn as loadSync } from ${reader};` : null),
};
