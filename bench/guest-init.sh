#!/bin/sh
# The first process of a benchmark guest, and on the host itself in a directory of its own. The monitor's host takes the
# times at which the lines that begin with @ arrive. `rows` and `forever` come from the kernel command line: Linux hands
# on to init, as its environment, what it does not know itself.
echo @init
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
if [ $$ = 1 ]; then
  mount -t devtmpfs -o mode=0755,nosuid dev /dev
  mkdir -p /dev/pts /dev/shm
  ln -s /proc/self/fd /dev/fd
  mount -a
  echo debian >/proc/sys/kernel/hostname
  ip link set lo up
fi
/bin/true
echo @ready
while :; do
  for row in $(echo "$rows" | tr , ' '); do
    echo "@begin $row"
    /bench/rows/$row
    echo "@end $row $?"
  done
  [ -n "$forever" ] || break
  echo @again
done
echo @done
[ $$ = 1 ] || exit 0
# Setting an attribute waits until the port has sent everything.
stty -echo
exec busybox poweroff -f
