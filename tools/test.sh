#!/bin/sh
# npm test: installs and builds what is out of date, checks the sources, then runs every test.
# Arguments are test files to run instead of all of them, as paths below build/js.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"
sh tools/setup.sh
. "$root/tools/find-node.sh"

echo 'test: formatting' >&2
"$node" node_modules/oxfmt/bin/oxfmt --check
echo 'test: lint' >&2
"$node" node_modules/oxlint/bin/oxlint --deny-warnings
echo 'test: unused files, exports and packages' >&2
"$node" node_modules/knip/bin/knip.js --no-progress
echo 'test: types' >&2
"$node" node_modules/typescript/bin/tsc -b

if [ $# -eq 0 ]; then
  # Node.js 20 does not expand globs here, and a name without spaces is a rule of the linter.
  set -- $(find build/js/src build/js/tools build/js/tests -name '*.test.js' | sort)
fi
exec "$node" --test "$@" </dev/null
