# What a guest's busybox and programs do, to be compared with the same on the host: see agreement.test.ts. Each
# section begins with a line "== NAME". Started in a directory of its own, with the programs to run as arguments.

section() { echo "== $*"; }
lines() { awk -v last="$1" 'BEGIN { for (i = 0; i < last; i++) print (i * 7919) % last, "line", i }'; }

section 16 MiB
for copy in 1 2 3 4 5 6 7 8 9; do cat /proc/self/exe; done | head -c 16777216 >large
sha256sum <large
md5sum <large

section dd
dd if=large of=piece bs=1000 skip=77 count=999 2>/dev/null
dd if=large of=piece bs=4096 seek=300 count=10 conv=notrunc 2>/dev/null
wc -c <piece
sha1sum <piece
cmp large piece

section gzip and back
head -c 1500000 large | gzip >packed.gz
sha512sum <packed.gz
gunzip -c packed.gz | cmp - large
lines 9000 | bzip2 | tee packed.bz2 | md5sum
bunzip2 -c packed.bz2 | md5sum

section awk
awk 'BEGIN {
  for (i = 1; i <= 20000; i++) { x = x * 1.0000001 + i / 7; y += 1 / (i * i); z = (z * 69069 + i) % 4294967296 }
  printf "%.17g %.17g %.0f %.15e %g\n", x, y, z, x / y, -1 / 3
  print int(-3.7), 1e300 * 1e10, 7 % 3.5, "10" < "9", 10 < 9, 0.1 + 0.2 == 0.3, substr("lodge", 2, 3)
}' 2>&1
lines 3000 | awk '{ sum[$1 % 17] += $3 * 1.5; text = text substr($0, length($0)) } END { for (i = 0; i < 17; i++) printf "%s ", sum[i]; print length(text) }'

section sort
lines 6000 >lines
sort lines | md5sum
sort -n -r lines | md5sum
sort -k 2,2 -k 3n lines | uniq -c | sha256sum
sed -n 's/\([0-9]*\) line \(.*5\)$/\2-\1/p' lines | tr 0-9 a-j | md5sum

section expressions
expr 12345678901 '*' 17 + 3 % 2
expr match lodge 'l\(.*\)e'
echo $((1 << 40)) $((-7 / 2)) $((-7 % 3)) $((0x7fffffff + 1))
echo 'scale=30; 4*a(1); e(1); 2^200; sqrt(2)' | bc -l
factor 1000000007 600851475143
date -u -d @1234567890 '+%F %T %j %u'
printf '%.20g %e %i\n' 0.1 12345.678 -5

section archives
mkdir tree
for name in one two three; do lines 200 >tree/$name; done
ln -s one tree/link
tar c tree | (mkdir copy && cd copy && tar x)
diff -r tree copy/tree && find copy | sort
head -c 4096 large | od -A x -t x1 | md5sum
head -c 100 large | base64

section processes
total=0
for n in $(seq 1 60); do total=$((total + $(sh -c "exit $n"; echo $?))); done
echo $total
yes | head -n 100000 | tr y n | sort -u
(trap 'echo caught; exit 5' TERM; kill -TERM $(exec sh -c 'echo $PPID'); sleep 5); echo $?

for program in "$@"; do
  section "$program"
  ./"$program"
  echo "status $?"
done
section end
