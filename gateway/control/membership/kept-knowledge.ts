/** Owns which files keep what a gateway knows of its federation, and that they end with the membership they belong to. */
import { join } from 'node:path';
import { removeFile } from '../../../core/files.ts';

/** The last good snapshot of the registry. */
export function snapshotFile(dataDir: string): string {
  return join(dataDir, 'snapshot.jsonl');
}

/** Standing orders: drains and failovers. */
export function ordersFile(dataDir: string): string {
  return join(dataDir, 'orders.jsonl');
}

/** Policies that were written while gateways ran: those of the own cluster. */
export function policiesFile(dataDir: string): string {
  return join(dataDir, 'policies.jsonl');
}

/** Policies of the whole federation. */
export function federationPoliciesFile(dataDir: string): string {
  return join(dataDir, 'federation-policies.jsonl');
}

/** Gateways of the own cluster that were lost. */
export function lostGatewaysFile(dataDir: string): string {
  return join(dataDir, 'lost-gateways.json');
}

/**
 * Forgets what an earlier membership knew. Call before another begins: clusters and services that went meanwhile would
 * else look like lost ones, which are held on to. Throws FILE_UNWRITABLE.
 */
export async function forgetKnowledge(dataDir: string): Promise<void> {
  const policies = [policiesFile, federationPoliciesFile];
  const files = [snapshotFile, ordersFile, ...policies, lostGatewaysFile];
  for (const file of files) await removeFile(file(dataDir));
}
