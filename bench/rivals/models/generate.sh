#!/usr/bin/env bash
# Makes the code of bob anew, from a database with the schema of package store on the
# server that TEST_DATABASE_URL names. See make bench-models.
set -euo pipefail
cd "$(dirname "$0")/.."

name=bobgen_$$
server=$TEST_DATABASE_URL
database=$(sed -E "s#^([a-z]+://[^/]*)/[^?]*#\1/$name#" <<<"$server")
psql -q "$server" -c "CREATE DATABASE $name"
trap 'psql -q "$server" -c "DROP DATABASE $name WITH (FORCE)"' EXIT
psql -q "$database" -f store/schema.sql
PSQL_DSN=$database go run github.com/stephenafamo/bob/gen/bobgen-psql@v0.41.1 -c models/bobgen.yaml
