# What shell scripts do without starting programs: loops, arithmetic, case, parameter expansion, functions.
number=1 sum=0 odd=0 line=
collatz() {
  number=$1 steps=0
  while [ "$number" -ne 1 ]; do
    if [ $((number & 1)) -eq 0 ]; then number=$((number / 2)); else number=$((3 * number + 1)); fi
    steps=$((steps + 1))
  done
}
i=1
while [ $i -le 700 ]; do
  collatz $i
  sum=$((sum + steps))
  case $steps in
    *[13579]) odd=$((odd + 1)) ;;
    *) line=$line.$steps ;;
  esac
  [ ${#line} -lt 200 ] || line=${line#*.*.}
  i=$((i + 1))
done
echo "@checksum $sum $odd $line"
