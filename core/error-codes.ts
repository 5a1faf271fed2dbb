/** Owns the table of every error code: its meaning, HTTP status, kind (which sets the CLI's exit code) and default advice. */

/** What sort of failure a code is; the CLI's exit code follows from it (see `cli/exit.ts`). */
export type ErrorKind = 'failed' | 'not-found' | 'refused' | 'timed-out' | 'usage' | 'bad-input';

interface ErrorCodeEntry {
  readonly title: string;
  readonly status: number;
  readonly kind: ErrorKind;
  readonly fix: string;
}

function entry(title: string, status: number, kind: ErrorKind, fix: string): ErrorCodeEntry {
  return { title, status, kind, fix };
}

export const errorCodes = {
  // Anything
  INTERNAL: entry('Internal error', 500, 'failed', 'Report this with the log lines around it.'),
  TIMED_OUT: entry('Timed out', 504, 'timed-out', 'Try again; if it persists run `isthmus check`.'),
  USAGE: entry('Wrong usage', 400, 'usage', 'Run the command with --help.'),
  NAME_INVALID: entry(
    'Invalid name',
    400,
    'bad-input',
    'Use lower-case letters, digits and inner hyphens, at most 63 characters.',
  ),
  FILE_UNREADABLE: entry(
    'File unreadable',
    500,
    'bad-input',
    'Check the path and its permissions.',
  ),
  FILE_UNWRITABLE: entry(
    'File unwritable',
    500,
    'failed',
    'Check the folder, its permissions and free space.',
  ),
  BODY_INVALID: entry('Invalid body', 400, 'bad-input', 'Correct the named field.'),
  QUERY_INVALID: entry(
    'Invalid query parameter',
    400,
    'bad-input',
    'Correct the named parameter; `GET /openapi.json` lists them.',
  ),
  BODY_TOO_LARGE: entry('Body too large', 413, 'bad-input', 'Send less, or raise the limit.'),
  NODE_UNSUPPORTED: entry('Unsupported Node.js', 500, 'failed', 'Run it on the pinned Node.js.'),
  PORT_IN_USE: entry(
    'Port in use',
    500,
    'failed',
    'Stop the program that holds the port, or set another address in the configuration.',
  ),
  PORT_FORBIDDEN: entry(
    'Port not allowed',
    500,
    'failed',
    'Ports under 1024 take CAP_NET_BIND_SERVICE: under systemd `AmbientCapabilities=CAP_NET_BIND_SERVICE`, else `setcap cap_net_bind_service=+ep` on the Node.js program; or use a port from 1024 up.',
  ),

  // Configuration
  CONFIG_SYNTAX: entry(
    'Configuration is not valid YAML',
    400,
    'bad-input',
    'Correct the YAML at the named line.',
  ),
  CONFIG_UNKNOWN_KEY: entry(
    'Unknown configuration key',
    400,
    'bad-input',
    'Remove or correct the key.',
  ),
  CONFIG_INVALID: entry('Invalid configuration value', 400, 'bad-input', 'Correct the value.'),
  CONFIG_NEEDS_RESTART: entry(
    'Configuration change takes a restart',
    409,
    'refused',
    'Restart the gateway to use it; or undo the change, and reload the others (SIGHUP).',
  ),

  // Certificates
  SPIFFE_ID_INVALID: entry(
    'Invalid SPIFFE ID',
    400,
    'bad-input',
    'Use spiffe://<trust domain>/<path>.',
  ),
  CERT_INVALID: entry('Invalid certificate', 400, 'bad-input', 'Check the certificate file.'),
  CERT_UNTRUSTED: entry(
    'Certificate not trusted',
    403,
    'refused',
    'Check that the cluster is a member and that its bundle is current: `isthmus get clusters`.',
  ),
  BUNDLE_INVALID: entry(
    'Invalid trust bundle',
    400,
    'bad-input',
    'Use a SPIFFE bundle: a JWK Set with x509-svid keys.',
  ),
  BUNDLE_UNREACHABLE: entry(
    'Trust bundle unreachable',
    503,
    'failed',
    'Check `url` of `trust.foreign`, and the way there from this gateway. The last bundle stays in force meanwhile.',
  ),
  NAME_UNRESOLVED: entry(
    'Names do not resolve',
    503,
    'failed',
    'Check DNS, and the way there from this machine. The last addresses stay in use meanwhile.',
  ),
  BUNDLE_OUTDATED: entry(
    'Outdated trust bundle',
    409,
    'refused',
    'Ask its administrators. If they began anew, take the trust domain out of `trust.foreign`, reload, put it back and reload: what is known of it is forgotten.',
  ),
  KEY_UNREADABLE: entry(
    'Private key unreadable',
    500,
    'bad-input',
    'Check the file and that its mode is 0600.',
  ),
  KEY_PASSWORD_WRONG: entry(
    'Password of a private key wrong',
    400,
    'bad-input',
    'Put the password into a file, alone on its first line, and name that as `passwordFile`.',
  ),
  PARENT_KEY_UNFIT: entry(
    "Kind of the enterprise authority's key unfit",
    400,
    'bad-input',
    'Give an authority whose key is RSA of 2048 bits or more, or EC on P-256, P-384 or P-521.',
  ),
  PARENT_KEY_MISMATCH: entry(
    "Not the enterprise authority's key",
    400,
    'bad-input',
    'Give the key of the first certificate of the file; those of the authorities above it follow.',
  ),
  PARENT_EXPIRED: entry(
    'Enterprise authority not valid now',
    400,
    'bad-input',
    'Have its certificate renewed, and check the clock of this machine.',
  ),
  PARENT_UNFIT: entry(
    "Enterprise authority unfit for a cluster's",
    400,
    'bad-input',
    "Have an authority issued that may sign others: CA:TRUE, a path length of at least 1, key usage keyCertSign, and no name constraint but to the cluster's trust domain.",
  ),

  // Registry
  REGISTRY_UNAVAILABLE: entry(
    'Registry unavailable',
    503,
    'failed',
    'Traffic keeps flowing from the last good snapshot. Check the registry and the way to it.',
  ),
  REGISTRY_CONFLICT: entry(
    'Registry record changed meanwhile',
    409,
    'failed',
    'Read it again and retry.',
  ),
  REGISTRY_DENIED: entry(
    'Registry denied the access',
    403,
    'refused',
    'A cluster may write only under its own name. On an etcd with users, its role needs what docs/operations.md lists.',
  ),
  REGISTRY_UNAUTHENTICATED: entry(
    'Registry does not accept who this gateway says it is',
    503,
    'failed',
    'Correct `registry.etcd.username`, or the text of its `passwordFile`, which is read again at every try.',
  ),
  REGISTRY_UNGUARDED: entry(
    'Registry serves everybody',
    503,
    'failed',
    'Whoever reaches etcd may write anything there; records are signed, and forged ones are refused. Make its users with `isthmus registry prepare`, and run `etcdctl auth enable`.',
  ),
  REGISTRY_FULL: entry(
    'Registry is out of space',
    507,
    'failed',
    'It takes no writes; traffic keeps flowing. Compact and defragment etcd, then run `etcdctl alarm disarm`.',
  ),
  REGISTRY_COMPACTED: entry(
    'Revision was compacted',
    410,
    'failed',
    'List again and watch from there.',
  ),
  REGISTRY_FUTURE_REVISION: entry(
    'Revision is in the future',
    400,
    'bad-input',
    'Use a revision the registry has reached.',
  ),
  REGISTRY_LEASE_NOT_FOUND: entry(
    'Lease not found',
    404,
    'not-found',
    'Grant a new lease and put its keys again.',
  ),
  REGISTRY_REQUEST_INVALID: entry(
    'Invalid registry request',
    400,
    'bad-input',
    'Correct the request.',
  ),
  REGISTRY_NOT_EMPTY: entry(
    'Registry is not empty',
    409,
    'refused',
    'See what would change: `--dry-run`. With `--force` the values of the backup replace those that are there; other keys stay.',
  ),
  BACKUP_INVALID: entry(
    'Backup is not good',
    400,
    'bad-input',
    'Use another backup: this one was cut short, was changed, or is none.',
  ),
  REGISTRY_FILE_LOCKED: entry(
    'Registry file is in use',
    500,
    'failed',
    'Stop the other process, or give this one another file.',
  ),
  REGISTRY_FILE_CORRUPT: entry(
    'Registry file is damaged',
    500,
    'failed',
    'Move it away and restore it from a backup, or start with an empty one.',
  ),
  RECORD_INVALID: entry(
    'Invalid registry record',
    422,
    'bad-input',
    'Have the cluster that owns it write it again.',
  ),
  RECORD_FOREIGN: entry(
    'Registry record names another cluster than its key',
    403,
    'refused',
    'Find out who wrote it: a cluster may write only under its own name. Then delete it from the registry (`etcdctl del KEY`).',
  ),
  RECORD_UNSIGNED: entry(
    'Registry record is not signed by its cluster',
    403,
    'refused',
    'Find out who wrote it. What its cluster owns, that writes again by itself; what nobody misses: delete it from the registry (`etcdctl del KEY`).',
  ),
  RECORD_STALE: entry(
    'Registry record is older than what is known',
    409,
    'refused',
    'What is known stays in force. Its cluster writes it again by itself; if the registry was restored from a backup that is not the latest, restore the latest.',
  ),
  QUOTA_EXCEEDED: entry(
    'More than there may be of one cluster',
    409,
    'refused',
    'Deregister what is not needed, or find out what registers so much; or raise `quotas` in the configuration of the gateways that refuse it.',
  ),
  WITHDRAWAL_HELD: entry(
    'Mass withdrawal held',
    409,
    'refused',
    'The last good records stay in force. If it was meant, have the cluster leave, or deregister its services one by one.',
  ),
  REGISTRY_WIPED: entry(
    'Registry looks wiped',
    503,
    'failed',
    'Everything known stays in force. Gateways that reach it write their own records again by themselves; if it was restored from a backup that is not the latest, restore the latest.',
  ),
  RECORD_LOST: entry(
    "Registry lost a cluster's records",
    503,
    'failed',
    'What was known stays in force; they come back when a gateway of that cluster reaches the registry. If it is gone for good: `isthmus leave --cluster NAME`.',
  ),
  CACHE_INVALID: entry(
    'Snapshot cache unusable',
    500,
    'failed',
    'It is written again from the registry; remove the file if this repeats.',
  ),

  // Federation
  TOKEN_INVALID: entry(
    'Join token is not valid',
    400,
    'refused',
    'Copy the whole token, or create a new one: `isthmus token create`.',
  ),
  TOKEN_EXPIRED: entry(
    'Join token has expired',
    403,
    'refused',
    'Create a new one: `isthmus token create`.',
  ),
  TOKEN_USED: entry(
    'Join token was used',
    403,
    'refused',
    'Create a new one: `isthmus token create`.',
  ),
  TOKEN_NOT_FOUND: entry(
    'Join token not found',
    404,
    'not-found',
    'Name it by the id that was shown when it was created, at a gateway of the cluster that created it.',
  ),
  CLOCK_SKEW: entry(
    'Clocks are apart',
    409,
    'refused',
    'Synchronise both clocks, by NTP for instance, and try again.',
  ),
  TOKEN_PIN_MISMATCH: entry(
    'The other side is not who the token names',
    403,
    'refused',
    'Nothing was sent. Check the address; if it is right, somebody may be in between.',
  ),
  JOIN_CONFLICT: entry(
    'Cluster cannot join',
    409,
    'refused',
    'Choose another cluster name; a gateway of that very cluster joins with a token of `isthmus token create --gateway`.',
  ),
  JOIN_REFUSED: entry('Join refused', 403, 'refused', 'Correct what the other side names.'),
  JOIN_LIMITED: entry(
    'Too many wrong join tokens',
    429,
    'failed',
    'Wait a minute, then try again with a token copied whole.',
  ),
  VERSION_DIFFERS: entry(
    'Versions differ',
    409,
    'failed',
    'It works, and is meant to pass: upgrade the older one.',
  ),
  ALREADY_MEMBER: entry('Already a member', 409, 'refused', 'Leave first: `isthmus leave`.'),
  AUTHORITY_LOST: entry(
    'Gateway has not the authority of its cluster',
    503,
    'refused',
    'On another gateway of the cluster: `isthmus token create --gateway`; here: `isthmus join --token-file FILE`. If there is none: restore `ca` and `federation.json` in the data folder from a backup; without one `isthmus token create --replaces NAME` on a gateway of another cluster, and here `isthmus join --token-file FILE`.',
  ),
  ROOT_CHANGING: entry(
    'Root is being changed',
    409,
    'refused',
    'See how far it is: `isthmus trust show`. One change ends before the next begins: `isthmus trust retire`.',
  ),
  ROTATION_WAITING: entry(
    'Change of the root waits',
    503,
    'failed',
    'See why those gateways have not taken it up: `isthmus check` there, and whether they reach the registry. One that is gone for good: stop it, and `isthmus leave --cluster` where its whole cluster is.',
  ),
  ROTATION_REFUSED: entry(
    'Change of the root refused',
    409,
    'refused',
    'See what is missing: `isthmus trust show`.',
  ),
  GATEWAY_ID_TAKEN: entry(
    'Gateway id is taken',
    503,
    'refused',
    'Give each gateway of a cluster an id of its own: `gateway:` in its configuration. If the other is gone, its place is free within 15 seconds.',
  ),
  GATEWAYS_DISAGREE: entry(
    'Gateways of a cluster disagree',
    503,
    'refused',
    'Give all gateways of a cluster the same `region`. To change it: stop all of them, and start them with the new one.',
  ),
  NOT_A_MEMBER: entry(
    'Not a member of a federation',
    409,
    'refused',
    'Join first: `isthmus join --token-file FILE`.',
  ),
  NOT_FOUNDER: entry(
    'Cluster is not the founder',
    403,
    'refused',
    "Ask a gateway of the founder's cluster: `isthmus grant list` names it.",
  ),
  FOUNDER_UNKNOWN: entry(
    'Founder not known',
    409,
    'failed',
    'Have the cluster leave, and join again with a token of a cluster that knows: `isthmus grant list` there names the founder.',
  ),
  GRANT_MISSING: entry(
    'Cluster may not write for the federation',
    403,
    'refused',
    "Have the founder grant it: `isthmus grant policy CLUSTER` at a gateway of the founder's cluster; or write it at a cluster that may: `isthmus grant list`.",
  ),
  GRANT_NOT_FOUND: entry(
    'Grant not found',
    404,
    'not-found',
    'List what there is: `isthmus grant list`.',
  ),
  LEAVE_REFUSED: entry(
    'Cluster cannot leave',
    409,
    'refused',
    'Do what the message names first, or use force.',
  ),
  PEER_UNREACHABLE: entry(
    'Other cluster unreachable',
    502,
    'failed',
    'Check the address and the network in between.',
  ),

  GATEWAY_LOST: entry(
    'Gateway of this cluster lost',
    503,
    'failed',
    'Start it again, or see what keeps it from the registry. One that is gone for good is named for a day.',
  ),

  // Services
  SERVICE_NOT_FOUND: entry(
    'Service not found',
    404,
    'not-found',
    'List what there is: `isthmus get services`.',
  ),
  ENDPOINT_NOT_FOUND: entry(
    'Endpoint not found',
    404,
    'not-found',
    'List what there is: `isthmus get endpoints`.',
  ),
  GATEWAY_NOT_FOUND: entry(
    'Gateway not found',
    404,
    'not-found',
    'List what there is: `isthmus get gateways`.',
  ),
  CLUSTER_NOT_FOUND: entry(
    'Cluster not found',
    404,
    'not-found',
    'List what there is: `isthmus get clusters`.',
  ),
  ENDPOINT_FIXED: entry(
    'Endpoint comes from the configuration file',
    409,
    'refused',
    'Change it in the configuration file of its gateway.',
  ),

  // Drills
  POLICY_NOT_FOUND: entry(
    'Policy not found',
    404,
    'not-found',
    'List what there is: `isthmus get` and a kind of policy, such as `isthmus get traffic-policies`.',
  ),
  REQUEST_NOT_FOUND: entry(
    'Request not remembered',
    404,
    'not-found',
    'Of many requests a gateway remembers few, for ten minutes: ask the one that it came to, name another one of the same kind, or describe it to `isthmus explain`.',
  ),
  POLICY_TOO_LARGE: entry(
    'Policy too large',
    413,
    'bad-input',
    'Say less in one policy, or make several of it.',
  ),
  POLICY_LIMIT: entry(
    'Too many policies',
    409,
    'refused',
    'Delete those that are not needed, or say more in one: `isthmus delete`.',
  ),
  DRILL_NOT_FOUND: entry(
    'Drill not found',
    404,
    'not-found',
    'List what there is: `isthmus drill list`.',
  ),
  DRILL_CONFLICT: entry(
    'Drill conflicts with another',
    409,
    'refused',
    'Wait until the other is over, or abort it: `isthmus drill abort ID`.',
  ),
  DRILL_UNSAFE: entry(
    'Drill would break a guardrail',
    409,
    'refused',
    'Change its scope or its guardrails; or start it with --force (`?force=true`) and, in the place of each guardrail that it breaks, another limit: `--override errorRate=20%` (`overrides`).',
  ),
  DRILL_NOT_REVERTIBLE: entry(
    'Drill could not be reverted',
    503,
    'failed',
    'Nothing was started. Wait until the registry answers: `isthmus status`.',
  ),
  DRILL_OVER: entry('Drill is over', 409, 'refused', 'There is nothing left to end.'),
  DRILL_NO_REPORT: entry(
    'Drill has no report',
    404,
    'not-found',
    'A drill has one when it is over, if it was ever in force: `isthmus drill watch ID`.',
  ),
  REPORT_FORGED: entry(
    'Report is not as its cluster signed it',
    422,
    'refused',
    'Get it again: `isthmus drill report ID -o json`. One signed by a root that its cluster has retired proves nothing any more.',
  ),
  SCHEDULE_NOT_FOUND: entry(
    'Schedule not found',
    404,
    'not-found',
    'List what there is: `isthmus drill schedule list`.',
  ),
  ORDER_NOT_FOUND: entry(
    'Nothing to undo',
    404,
    'not-found',
    'See what is drained or failed over: `isthmus drill list`.',
  ),

  // Data path
  ROUTE_NOT_FOUND: entry(
    'No such service',
    404,
    'not-found',
    'Use <service>.<namespace>.<federation> as the host.',
  ),
  BACKEND_NOT_FOUND: entry(
    'No such backend',
    500,
    'not-found',
    "Correct the Route's backendRefs and their weights, or register the service: isthmus get routes.",
  ),
  NO_HEALTHY_ENDPOINT: entry(
    'No healthy endpoint',
    503,
    'failed',
    'See why: `isthmus explain <service>`.',
  ),
  UPSTREAM_FAILED: entry('Upstream failed', 502, 'failed', 'See why: `isthmus explain <service>`.'),
  PROTOCOL_MISMATCH: entry(
    'The service speaks another protocol',
    400,
    'bad-input',
    'Ask for tcp and tls services by CONNECT or on a TCP listener, for others by HTTP; or correct `protocol`.',
  ),
  RESPONSE_REFUSED: entry(
    'The service answered what can not be passed on',
    502,
    'failed',
    'Correct what the service answers, as the detail says; where its head is too large, or raise `limits.maxResponseHeadBytes` or `limits.maxResponseFields`.',
  ),
  ENDPOINT_SPEAKS_HTTP2: entry(
    'The endpoint speaks HTTP/2, and is registered as HTTP/1.1',
    502,
    'failed',
    'Register it again with `--protocol http2`, or `--protocol grpc`; or set `protocol` of its service in the configuration, or of the registration by API.',
  ),
  ENDPOINT_TLS_FAILED: entry(
    'The endpoint could not be spoken to over TLS',
    502,
    'failed',
    "Compare `tls` of the service's defaults with the certificate that the endpoint shows, and with what it asks for.",
  ),
  UPSTREAM_TIMED_OUT: entry(
    'Upstream timed out',
    504,
    'timed-out',
    'Check the service, or raise its timeouts.',
  ),
  DEADLINE_EXCEEDED: entry(
    'The time that the client gave was over before the request was sent',
    504,
    'timed-out',
    'Give it more time: see `grpc-timeout`, or the field that `timeouts.deadlineHeader` names.',
  ),
  CIRCUIT_OPEN: entry(
    'As much as may be is under way to the service',
    503,
    'failed',
    'Retry later; see which breaker is open in `isthmus explain <service>`, and raise it if the service can do more.',
  ),
  RETRY_BUDGET_SPENT: entry(
    'Retry budget spent',
    503,
    'failed',
    'The upstream is failing widely; see `isthmus explain <service>`.',
  ),
  LOOP_REFUSED: entry(
    'Request loop',
    508,
    'refused',
    'An endpoint points back at a gateway; correct its address.',
  ),
  PEER_REFUSED: entry(
    'Peer refused',
    403,
    'refused',
    'Only gateways of member clusters may use this listener.',
  ),
  NOT_EXPORTED: entry(
    'Service is not exported',
    404,
    'not-found',
    'Export it in its own cluster: `exported: true`.',
  ),
  JWT_MISSING: entry(
    'Token missing',
    401,
    'refused',
    'Send a token of an issuer that the service takes, as `Authorization: Bearer <token>` or where it is expected.',
  ),
  JWT_INVALID: entry(
    'Token not valid',
    401,
    'refused',
    'Get a new token of an issuer that the service takes, for the audience that it asks for.',
  ),
  KEYS_UNAVAILABLE: entry(
    "Issuer's keys unavailable",
    503,
    'failed',
    "Check `isthmus check` at the gateway: it names the issuer whose keys can't be had, and why.",
  ),
  ACCESS_DENIED: entry(
    'Access denied',
    403,
    'refused',
    "Ask those who run the service: a policy of its cluster's, of the asking one's or of the federation's says who may.",
  ),
  PROXY_UNTRUSTED: entry(
    'Not a trusted proxy',
    403,
    'refused',
    'Name the load balancer under `trustedProxies`, and have clients connect to it; or leave `proxyProtocol` of this listener out.',
  ),
  PROXY_HEADER_REFUSED: entry(
    'No PROXY protocol header',
    400,
    'refused',
    'Have the load balancer send PROXY protocol on every connection (`send-proxy`, `send-proxy-v2`), or leave `proxyProtocol` of this listener out.',
  ),
  CLIENT_HELLO_REFUSED: entry(
    'No TLS ClientHello',
    400,
    'refused',
    'Speak TLS to this port, and say hello at once.',
  ),
  SERVER_NAME_UNKNOWN: entry(
    'Unknown server name',
    404,
    'not-found',
    'Name a server that the ingress has a certificate or passthrough for.',
  ),
  TLS_HANDSHAKE_FAILED: entry(
    'TLS handshake failed',
    400,
    'refused',
    'See the log at level debug for what the client did.',
  ),
  CLIENT_CERT_REFUSED: entry(
    'Client certificate refused',
    403,
    'refused',
    'Present a certificate by an authority in `clientCertificates.ca`, or of a trust domain in `clientCertificates.trustDomains`.',
  ),
  HOST_MISDIRECTED: entry(
    'Host is not for this connection',
    421,
    'refused',
    'Connect with that server name, or add it to the `hosts` of the certificate.',
  ),
  REQUEST_REFUSED: entry('Request refused', 400, 'bad-input', 'Correct the request.'),
  PATH_AMBIGUOUS: entry(
    'Ambiguous path',
    400,
    'bad-input',
    'Send the path without encoded slashes, backslashes and NULs, and without anything that resembles `..`. Where a service needs `%2F`: `limits.encodedSlashes: keep`.',
  ),
  REQUEST_TARGET_TOO_LONG: entry(
    'Request target too long',
    414,
    'bad-input',
    'Shorten the URL to 8 KiB; what is long belongs into the body.',
  ),
  REQUEST_HEAD_TOO_LARGE: entry(
    'Request head too large',
    431,
    'bad-input',
    'Send fewer or shorter fields, cookies first; or raise `limits.maxHeadBytes`.',
  ),
  REQUEST_TOO_SLOW: entry('Request came too slowly', 408, 'timed-out', 'Send it faster.'),
  DRAINING: entry('Gateway is draining', 503, 'failed', 'Retry; another gateway answers.'),
  NOT_READY: entry(
    'Gateway does not know yet what there is',
    503,
    'failed',
    'Retry; another gateway answers. See what it waits for: `isthmus status`.',
  ),
  OVERLOADED: entry(
    'Gateway is overloaded',
    503,
    'failed',
    'Retry after the time in Retry-After; add gateways or cores if this repeats.',
  ),

  // Workers
  WORKER_DIED: entry(
    'Worker thread ended',
    500,
    'failed',
    'Another one has its place already; report this with the log lines around it.',
  ),
  WORKER_HUNG: entry(
    'Worker thread hung',
    500,
    'failed',
    'Another one has its place already; report this with the log lines around it.',
  ),
  TAKEOVER_FAILED: entry(
    'Takeover failed',
    500,
    'failed',
    'The old process serves on. Correct what the log names, and send SIGUSR2 again.',
  ),

  // Admin API
  ORIGIN_REFUSED: entry(
    'Request from another site',
    403,
    'refused',
    'Call the admin API by its loopback address, from this machine.',
  ),
  UNAUTHENTICATED: entry(
    'Not authenticated',
    401,
    'refused',
    'Name yourself: with a bearer token (--admin-token-file, ISTHMUS_ADMIN_TOKEN) or a client certificate.',
  ),
  FORBIDDEN: entry(
    'Not allowed',
    403,
    'refused',
    'Ask for a role that may do this: viewer looks, operator runs, admin changes the federation.',
  ),
  ISSUER_UNREACHABLE: entry(
    'Identity issuer unreachable',
    503,
    'failed',
    'Try again, or authenticate in another way. Check the way to the issuer.',
  ),
  HISTORY_NOT_KEPT: entry(
    'Not known any more',
    404,
    'not-found',
    'Ask about a later moment; `history.maxBytes` and `history.maxAgeDays` say how much is kept.',
  ),
  AUDIT_NOT_SENT: entry(
    'Audit not sent on',
    503,
    'failed',
    'Look at the receiver and the way to it. What is kept here is sent once it answers.',
  ),
  METHOD_NOT_ALLOWED: entry(
    'Method not allowed',
    405,
    'bad-input',
    'Use one of the methods in `Allow`.',
  ),
  MEDIA_TYPE_UNSUPPORTED: entry(
    'Unsupported media type',
    415,
    'bad-input',
    'Send JSON, as `Content-Type: application/json`.',
  ),
  RATE_LIMITED: entry('Too many requests', 429, 'failed', 'Wait as long as Retry-After says.'),
  PRECONDITION_FAILED: entry(
    'Changed meanwhile',
    412,
    'failed',
    'Read it again, and repeat the change with the new ETag.',
  ),
  ADMIN_EXPOSED: entry(
    'Admin API exposed without protection',
    400,
    'refused',
    'Listen on loopback or a unix socket, or configure admin.tls and admin.auth.',
  ),
  REGISTRY_NOT_EMBEDDED: entry(
    'No embedded registry here',
    409,
    'refused',
    'Ask the gateway that hosts it, or use the tools of your etcd.',
  ),

  // CLI
  ADMIN_UNREACHABLE: entry(
    'Gateway admin API unreachable',
    502,
    'failed',
    'Is the gateway running? Name its admin address with --admin, ISTHMUS_ADMIN or a context.',
  ),
  CONTEXT_NOT_FOUND: entry(
    'No such context',
    404,
    'not-found',
    'List them: `isthmus context list`.',
  ),
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
