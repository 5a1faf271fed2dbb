/** Owns how etcd decides by the permissions of a role. */
import type { Permission } from '../../../registry/roles/permissions.ts';

/** Whether some permission that reads, or writes, has the key in its range. */
export function permits(
  permissions: readonly Permission[],
  verb: 'read' | 'write',
  key: string,
): boolean {
  return permissions.some(({ type, key: from, end }) => {
    const isOf = verb === 'read' ? type !== 'Write' : type !== 'Read';
    return isOf && (end === '' ? key === from : key >= from && key < end);
  });
}
