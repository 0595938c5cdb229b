#!/bin/sh
# Brings a Docker daemon and a PostgreSQL image for the tests of the docker
# provider, and prints the image's name.
#
#   .ci/docker.sh        Where a daemon answers: nothing to do, the official
#                        image. Else, as root on Debian: installs the engine,
#                        starts it and makes an image of this machine's own
#                        PostgreSQL, so that no registry is needed.
#   .ci/docker.sh stop   Ends the daemon that this script started, if any.
set -eu

official=postgres:18-alpine
local=sqlkeel/postgres:local
state=${TMPDIR:-/tmp}/sqlkeel-docker
pidfile=$state/dockerd.pid

say() { echo "docker.sh: $*" >&2; }

# The client may exist without a daemon, so ask the daemon.
answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# A number that was given to another process since does not count.
ours() { [ -s "$pidfile" ] && [ "$(cat "/proc/$(cat "$pidfile")/comm" 2>/dev/null)" = dockerd ]; }

stop() {
	if ours; then
		docker ps -q | xargs -r docker kill >/dev/null
		pid=$(cat "$pidfile")
		kill "$pid"
		tries=0
		while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
			tries=$((tries + 1))
			sleep 0.1
		done
	fi
	rm -rf "$state"
}

install_engine() {
	if command -v dockerd >/dev/null; then return; fi
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "no Docker daemon answers, and only root on Debian can install one here"
		exit 1
	fi
	say "installing docker.io"
	{
		apt-get update -q
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends docker.io
	} >"$state/apt.log" 2>&1 || {
		tail -n 20 "$state/apt.log" >&2
		exit 1
	}
}

# start_engine OPTION...: false when the daemon does not come up with them.
start_engine() {
	say "starting dockerd $*"
	setsid dockerd --data-root "$state/data" --exec-root "$state/exec" --pidfile "$pidfile" "$@" \
		>"$state/dockerd.log" 2>&1 </dev/null &
	child=$!
	tries=0
	until answers; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ] || ! kill -0 $child 2>/dev/null; then
			kill $child 2>/dev/null || true
			return 1
		fi
		sleep 0.1
	done
}

# entrypoint prints the start of a server that takes POSTGRES_PASSWORD and the
# arguments of the official image: postgres -c name=value ...
entrypoint() {
	cat <<'SCRIPT'
#!/bin/sh
set -e
data=/var/lib/postgresql/data
if [ ! -s "$data/PG_VERSION" ]; then
	echo "${POSTGRES_PASSWORD:?}" >/tmp/password
	initdb -D "$data" -U postgres -A scram-sha-256 --pwfile /tmp/password -E UTF8 --locale=C --no-sync >/dev/null
	echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
fi
[ "${1:-}" = postgres ] && shift
exec postgres -D "$data" -h '*' -k /run/postgresql "$@"
SCRIPT
}

# server_files BIN prints the files of this machine that a server needs.
server_files() {
	bin=$1
	lib=$(dirname "$bin")/lib
	share=$(dirname "$bin")/share
	version=$(basename "$(dirname "$bin")")
	if [ -d "/usr/share/postgresql/$version" ]; then share=/usr/share/postgresql/$version; fi
	{
		echo "$share"
		echo /usr/share/zoneinfo
		for f in /usr/lib/locale/C.utf8 /bin/sh /usr/bin/psql; do
			if [ -e "$f" ]; then echo "$f"; fi
		done
		find "$bin/initdb" "$bin/postgres" "$bin/pg_ctl"
		find "$lib" -name '*.so*' ! -name 'llvmjit*'
	} >"$state/wanted"
	xargs ldd <"$state/wanted" 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' | grep -v ':$' >"$state/libraries" || true
	sort -u "$state/wanted" "$state/libraries" | while read -r f; do
		if [ -e "$f" ]; then echo "${f#/}"; fi
	done
}

build_image() {
	if docker image inspect "$local" >/dev/null 2>&1; then return; fi
	bin=${SQLKEEL_PG_BIN:-$(dirname "$(readlink -f "$(command -v postgres)")")}
	if ! [ -x "$bin/initdb" ]; then
		say "no PostgreSQL on this machine to make an image of: set SQLKEEL_PG_BIN"
		exit 1
	fi
	say "building $local from $bin"
	root=$state/root
	mkdir -p "$root/etc" "$root/var/lib/postgresql/data" "$root/run/postgresql" "$root/tmp"
	echo 'postgres:x:999:999::/var/lib/postgresql:/bin/sh' >"$root/etc/passwd"
	echo 'postgres:x:999:' >"$root/etc/group"
	entrypoint >"$root/entrypoint"
	chmod 755 "$root/entrypoint"
	chmod 1777 "$root/tmp"
	chmod 700 "$root/var/lib/postgresql/data"
	chown -R 999:999 "$root/var/lib/postgresql" "$root/run/postgresql"
	server_files "$bin" >"$state/files"
	tar -C "$root" -cf "$state/image.tar" .
	tar -C / -rhf "$state/image.tar" -T "$state/files"
	docker import \
		--change 'USER 999:999' \
		--change "ENV PATH=$bin:/usr/bin:/bin" \
		--change 'ENTRYPOINT ["/entrypoint"]' \
		--change 'CMD ["postgres"]' \
		--change 'EXPOSE 5432/tcp' \
		"$state/image.tar" "$local" >/dev/null
	rm -rf "$root" "$state/image.tar"
}

case ${1:-start} in
start)
	if answers && ! ours; then
		echo "$official"
		exit
	fi
	mkdir -p "$state"
	install_engine
	if ! answers; then
		start_engine ||
			start_engine --storage-driver vfs ||
			start_engine --storage-driver vfs --iptables=false --ip6tables=false ||
			{
				say "dockerd does not start:"
				tail -n 20 "$state/dockerd.log" >&2
				exit 1
			}
	fi
	build_image
	echo "$local"
	;;
stop) stop ;;
*)
	say "usage: docker.sh [start | stop]"
	exit 2
	;;
esac
