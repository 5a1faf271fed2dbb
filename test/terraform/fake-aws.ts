/** Owns the command `aws` in tests of what machines run: secrets and objects are files in a folder, and refusals are worded as AWS words them. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A secret's file is named by what follows the last colon of its ARN; every call is a line of `calls`. */
const script = `#!/bin/bash
set -eu
folder=$(dirname "$0")/../aws
verb="$1 $2"
echo "$*" >>"$folder/calls"
args=("$@")
option() { # name
  local i
  for ((i = 0; i < \${#args[@]}; i++)); do [ "\${args[i]}" = "$1" ] && { echo "\${args[i + 1]}"; return; }; done
  return 0
}
fail() { echo "An error occurred ($1) when calling the operation" >&2; exit 254; }
[ ! -e "$folder/unreachable" ] || { echo "Could not connect to the endpoint URL" >&2; exit 255; }
case $verb in
"secretsmanager get-secret-value")
  secret=$(option --secret-id)
  [ -s "$folder/\${secret##*:}" ] || fail ResourceNotFoundException
  cat "$folder/\${secret##*:}"
  ;;
"secretsmanager put-secret-value")
  secret=$(option --secret-id)
  token=$(option --client-request-token)
  if [ -n "$token" ]; then
    mkdir "$folder/token-$token" 2>/dev/null || fail ResourceExistsException
  fi
  text=$(option --secret-string)
  cat "\${text#file://}" >"$folder/\${secret##*:}"
  ;;
"s3 cp") cp "$3" "$folder/$(basename "$4")" ;;
"autoscaling complete-lifecycle-action") ;;
*) fail "no such call: $verb" ;;
esac
`;

export interface FakeAws {
  /** The folder that goes on the path. */
  readonly bin: string;
  /** The folder with secrets by the end of their ARNs, objects by name, and `calls`; a file `unreachable` has every call fail. */
  readonly folder: string;
}

export async function fakeAws(dir: string): Promise<FakeAws> {
  const [bin, folder] = [join(dir, 'bin'), join(dir, 'aws')];
  await Promise.all([bin, folder].map((path) => mkdir(path, { recursive: true })));
  await writeFile(join(bin, 'aws'), script);
  await chmod(join(bin, 'aws'), 0o755);
  return { bin, folder };
}
