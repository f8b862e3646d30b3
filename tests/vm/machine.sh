# Sourced by bare and systemd: payload, boot, output, exit status.
VM_CACHE=$(realpath -m "${LAUNCH_TEST_CACHE:-/var/cache/launch-test}/vm")
PATH=$PATH:$VM_CACHE/tools/bin                       # QEMU, where the machine has none
die() { echo "${0##*/}: $*" >&2; exit 125; }

MEM=1024 SMP=2 TIMEOUT=300 KERNEL_ARGS= KEEP_LOG= VERBOSE= CMD_INSIDE=0
ADD=() ENVS=()
common_option() { # handles one option of both scripts; prints nothing; SHIFT says how many words it took
  SHIFT=2
  case $1 in
    --add) ADD+=("$2") ;;          # a file or folder of the host, at the same path inside
    --env) ENVS+=("$2") ;;         # NAME=VALUE for the command
    --mem) MEM=$2 ;;               # MiB
    --smp) SMP=$2 ;;               # processors
    --timeout) TIMEOUT=$2 ;;       # seconds for the whole run; then exit status 124
    --kernel-args) KERNEL_ARGS=$2 ;;
    --log) KEEP_LOG=$2 ;;          # keep the kernel's console in this file
    --inside) CMD_INSIDE=1; SHIFT=1 ;;   # the command is a program of the machine itself
    --verbose) VERBOSE=1; SHIFT=1 ;;
    *) return 1 ;;
  esac
}

# stage DIR CMD ARGS...: put the command, its libraries and what --add named into DIR, and write
# DIR/vm/cmd, a script that runs it in the folder that this script was called in.
stage() {
  local dir=$1 exe f l; shift
  if [ "$CMD_INSIDE" = 1 ]; then exe=$1; else
    exe=$(type -P -- "$1") || die "no such command: $1"
    exe=$(realpath -ms -- "$exe"); ADD+=("$exe")
  fi
  mkdir -p "$dir/vm" "$dir$PWD"
  for f in "${ADD[@]}"; do
    f=$(realpath -ms -- "$f"); [ -e "$f" ] || die "--add: no such file: $f"
    mkdir -p "$dir${f%/*}"; cp -a "$f" "$dir${f%/*}/"
    [ ! -L "$f" ] || { l=$(realpath "$f"); mkdir -p "$dir${l%/*}"; cp -a "$l" "$dir${l%/*}/"; }
    if [ -f "$f" ] && [ "$(head -c4 "$f" | tail -c3)" = ELF ]; then
      ldd "$f" 2>/dev/null | grep -o '/[^ ]*' | while read -r l; do
        [ -e "$dir$l" ] || { mkdir -p "$dir${l%/*}"; cp -L "$l" "$dir$l"; }; done || true
    fi
  done
  {
    printf 'cd %s || exit 125\n' "$(quote "$PWD")"
    for f in "${ENVS[@]}"; do printf 'export %s=%s\n' "${f%%=*}" "$(quote "${f#*=}")"; done
    printf 'exec'; printf ' %s' "$(quote "$exe")"; shift
    for f; do printf ' %s' "$(quote "$f")"; done; echo
  } >"$dir/vm/cmd"
}
quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

# boot DISK... : boots with $CMDLINE; ttyS1 is our standard output, ttyS2 our standard error.
# Returns the command's exit status; 124 on time-out, 125 where the machine gave none
# (then VM_DEBUG=FOLDER keeps its files).
VMPID=
trap '[ -z "$VMPID" ] || kill "$VMPID" 2>/dev/null || true; exit 143' TERM INT HUP
boot() {
  local d i=0 rc=0 st args=() t0=$EPOCHREALTIME
  mkfifo "$TMP/stderr"; cat "$TMP/stderr" >&2 & local catpid=$!
  # Full emulation: it needs nothing of the host and is the same everywhere, also inside another machine.
  for d; do args+=(-drive "if=none,id=d$i,format=raw,cache=unsafe,snapshot=on,file=$d" -device "nvme,drive=d$i,serial=d$i"); i=$((i+1)); done
  timeout -k 5 "$TIMEOUT" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp "$SMP" -m "$MEM" \
    -nodefaults -display none -no-reboot -kernel "$VM_CACHE/kernel/vmlinuz" "${args[@]}" \
    -chardev file,id=log,path="$TMP/console" -serial chardev:log \
    -chardev stdio,id=out,signal=off -device pci-serial,chardev=out \
    -chardev file,id=err,path="$TMP/stderr" -device pci-serial,chardev=err \
    -chardev file,id=st,path="$TMP/status" -device pci-serial,chardev=st \
    -append "console=ttyS0 root=/dev/nvme0n1 rw panic=-1 nokaslr mitigations=off quiet $CMDLINE $KERNEL_ARGS" \
    </dev/null 2>"$TMP/qemu" &
  VMPID=$!; wait $VMPID || rc=$?; VMPID=
  exec 8<>"$TMP/stderr"; exec 8>&-        # should nothing have opened it
  wait $catpid || true
  [ -z "$KEEP_LOG" ] || cp "$TMP/console" "$KEEP_LOG"
  st=$(sed -n 's/^status \([0-9]*\).*/\1/p' "$TMP/status" 2>/dev/null | tail -1)
  [ -z "$VERBOSE" ] || LC_ALL=C awk -v a="$t0" -v b="$EPOCHREALTIME" 'BEGIN{printf "vm: %.1f s\n", b-a}' >&2
  [ -n "$st" ] && return "$st"
  [ -z "${VM_DEBUG:-}" ] || cp -a "$TMP" "$VM_DEBUG"
  { echo "${0##*/}: the machine gave no exit status (its console's end follows)"; tail -n 30 "$TMP/console" "$TMP/qemu"; } >&2
  [ $rc = 124 ] && return 124; return 125
}
