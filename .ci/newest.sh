#!/bin/sh
# .ci/newest.sh DIR MODULE writes DIR/MODULE.mod and .sum, MODULE's go.mod with the
# newest versions of the dependencies whose behaviour matters here, and prints the
# path of the former. go.mod itself requires the lowest with which all tests pass.
set -eu

newest='
github.com/exaring/otelpgx@v0.13.0
github.com/jackc/pgx/v5@v5.13.0
github.com/maypok86/otter/v2@v2.4.0
github.com/pressly/goose/v3@v3.30.1
github.com/testcontainers/testcontainers-go@v0.45.0
go.opentelemetry.io/otel@v1.47.0
go.opentelemetry.io/otel/sdk/metric@v1.47.0
'

if [ $# -ne 2 ]; then
	echo "usage: newest.sh DIR MODULE" >&2
	exit 2
fi
mod=$1/$(echo "$2" | tr ./ mm).mod
cp "$2/go.mod" "$mod"
cp "$2/go.sum" "${mod%.mod}.sum"
wanted=
for dep in $newest; do
	if grep -q "[[:space:]]${dep%@*} " "$mod"; then wanted="$wanted $dep"; fi
done
# shellcheck disable=SC2086 # a list
go -C "$2" get -modfile="$mod" $wanted >"$mod.log" 2>&1 || {
	cat "$mod.log" >&2
	exit 1
}
echo "$mod"
