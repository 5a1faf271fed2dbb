/** Owns how an entry of the audit is written as a syslog message (RFC 5424), and framed for each transport. */
import type { AuditEntry } from '../audit.ts';

interface Origin {
  /** RFC 5424, table 1. */
  readonly facility: number;
  readonly host: string;
  readonly pid: number;
  readonly cluster: string;
  readonly gateway: string;
}

/** RFC 5424, table 2. */
const severity = { error: 3, warning: 4, informational: 6 };
/** RFC 5426, section 3.2: more may be cut, or lost, on its way. */
const mostOfDatagram = 2048;

/** The message is JSON of what the webhook is sent: the cluster, the gateway, and the entry. */
export function syslogMessage(entry: AuditEntry, origin: Origin): string {
  const { facility, host, pid, cluster, gateway } = origin;
  const priority = facility * 8 + severityOf(entry.status);
  const time = new Date(entry.at).toISOString();
  const name = printable(host).slice(0, 255) || '-';
  const text = JSON.stringify({ cluster, gateway, ...entry });
  // RFC 5424, section 6.4: a BOM says that what follows is UTF-8.
  return `<${priority}>1 ${time} ${name} isthmus ${pid} audit - \uFEFF${text}`;
}

/** RFC 6587, section 3.4.1, and RFC 5425, section 4.3: the count of octets, a space, the message. */
export function framed(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}

/** A datagram that would be too long tells without the changes, and that they are left out. */
export function datagram(entry: AuditEntry, origin: Origin): Buffer {
  const whole = Buffer.from(syslogMessage(entry, origin));
  if (whole.length <= mostOfDatagram) return whole;
  const { changes = [], ...rest } = entry;
  const cut = [{ field: '...', after: `${changes.length} fields differ` }];
  return Buffer.from(syslogMessage({ ...rest, changes: cut }, origin)).subarray(0, mostOfDatagram);
}

function severityOf(status: number): number {
  if (status >= 500) return severity.error;
  return status >= 400 ? severity.warning : severity.informational;
}

/** RFC 5424, section 6: PRINTUSASCII. */
function printable(text: string): string {
  return text.replaceAll(/[^!-~]/g, '');
}
