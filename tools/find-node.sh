# Sourced with $root set: sets $node to the Node.js that runs Lodge, or ends with status 2 and one sentence.
# LODGE_NODE names another than usual. Else the one that npm installed comes first, since newer engines run generated
# code faster.
node=${LODGE_NODE:-$root/node_modules/.bin/node}
if [ ! -x "$node" ]; then
  node=$(command -v node) || node=
  version=$([ -z "$node" ] || "$node" --version 2>/dev/null) || version=
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  if [ "${major:-0}" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
    echo "lodge: Lodge needs Node.js 20.19 or later and found ${version:-none}; install it from nodejs.org and try again." >&2
    exit 2
  fi
fi
