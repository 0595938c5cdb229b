#!/bin/sh
# Brings PgBouncer for the tests of what happens behind a pooler, and prints the
# program's path. Where there is one: nothing to do. Else, as root on Debian, it is
# installed.
set -eu

say() { echo "pgbouncer.sh: $*" >&2; }

# Debian has it where the PATH of users does not lead.
find() { command -v pgbouncer || command -v /usr/sbin/pgbouncer; }

if find; then exit; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	say "there is no PgBouncer, and only root on Debian can install one here"
	exit 1
fi
say "installing pgbouncer"
log=$(mktemp)
{
	apt-get update -q
	# The tests start their own; the package's service is not wanted.
	RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends pgbouncer
} >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	exit 1
}
rm -f "$log"
find
