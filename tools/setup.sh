#!/bin/sh
# Makes a checkout ready to run: installs the npm packages and builds, each only where it is out of date. Reports one
# line a step on stderr. Needs nothing but Node.js and npm. With the argument `packages` it only installs.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"
mkdir -p build
log=build/setup.log

fail() {
  [ ! -s "$log" ] || tail -n 20 "$log" >&2
  echo "lodge: $1" >&2
  exit 2
}

# One at a time: several first starts at once must not install over each other.
lock=build/.setup-lock
waited=0
until mkdir "$lock" 2>/dev/null; do
  sleep 1
  waited=$((waited + 1))
  owner=$(cat "$lock/owner" 2>/dev/null) || owner=
  if [ -z "$owner" ] && [ "$waited" -lt 5 ]; then continue; fi
  if [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null; then rm -rf "$lock"; fi
done
echo $$ >"$lock/owner"
trap 'rm -rf "$lock"' EXIT
trap 'exit 2' HUP INT TERM

# The lock file that the packages were installed from is kept beside them, so that its content decides, not its date.
installed=node_modules/.installed-package-lock.json
if [ ! -e "$installed" ] && [ -e node_modules/.package-lock.json ] &&
  [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
  cp package-lock.json "$installed"
fi
if ! cmp -s package-lock.json "$installed"; then
  command -v npm >/dev/null || fail 'Lodge needs npm to set itself up; install Node.js 20.19 or later from nodejs.org.'
  echo 'lodge: installing npm packages (about a minute, this once)' >&2
  npm ci --include=dev --loglevel=error </dev/null >"$log" 2>&1 ||
    fail 'npm could not install the packages; check the network connection and the messages above, and try again.'
  # A Node.js that npm has for another kind of machine than this is of no use: fall back to the one on the PATH.
  node_modules/.bin/node --version >/dev/null 2>&1 || rm -f node_modules/.bin/node
  cp package-lock.json "$installed"
fi
[ "${1-}" != packages ] || exit 0

. "$root/tools/find-node.sh"

# Made before the build begins, so that what changes meanwhile counts as newer.
: >build/.started
echo 'lodge: compiling TypeScript' >&2
"$node" node_modules/typescript/bin/tsc -b src/cli tools >"$log" 2>&1 || fail 'The TypeScript sources do not compile.'
"$node" build/js/tools/build.js || fail 'The build failed.'
mv build/.started build/.ready
