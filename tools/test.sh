#!/bin/sh
# npm test: installs and builds what is out of date, checks the sources, then runs every test.
# Arguments are compiled test files to run instead of all of them, such as build/js/src/wasm/text.test.js.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"
sh tools/setup.sh
. "$root/tools/find-node.sh"

# A check that fails does not keep the others from running: one run shows all there is to mend.
failed=
check() {
  name=$1
  shift
  echo "test: $name" >&2
  "$node" "$@" || failed="$failed, $name"
}
check formatting node_modules/oxfmt/bin/oxfmt --list-different
check lint node_modules/oxlint/bin/oxlint --deny-warnings
check 'AssemblyScript sources' build/js/tools/check-assembly.js
check 'unused code' node_modules/knip/bin/knip.js --no-progress
check types node_modules/typescript/bin/tsc -b

if [ $# -eq 0 ]; then
  # Node.js 20 does not expand globs here. No file name has a space: the linter sees to that.
  # shellcheck disable=SC2046
  set -- $(find build/js/src build/js/tools build/js/tests build/js/bench -name '*.test.js' | sort)
fi
"$node" --test --test-reporter=spec "$@" </dev/null || failed="$failed, tests"
if [ -n "$failed" ]; then
  echo "test: failed: ${failed#, }" >&2
  exit 1
fi
