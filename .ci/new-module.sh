#!/usr/bin/env bash
# .ci/new-module.sh shows what a user takes on: it makes a module that imports the
# library, then one that tests with pgtest too. It fails when they require more than
# they may.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

most_modules=30 # in the list of all modules, for the packages of the run time
most_lines=12   # that pgtest adds to go.mod

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
cd "$new"

tidy() {
  go mod tidy >tidy.log 2>&1 || {
    cat tidy.log >&2
    exit 1
  }
}
indirect() { grep -c '// indirect$' go.mod; }

cat >go.mod <<MOD
module example.com/new

go 1.25.0

require github.com/sqlkeel/sqlkeel v0.0.0

replace github.com/sqlkeel/sqlkeel => $root
MOD
cat >new.go <<GO
package new

import (
	_ "github.com/sqlkeel/sqlkeel/cache"
	_ "github.com/sqlkeel/sqlkeel/db"
	_ "github.com/sqlkeel/sqlkeel/stmt"
	_ "github.com/sqlkeel/sqlkeel/txn"
)
GO
tidy
modules=$(go list -m all | wc -l)
lines=$(indirect)

cat >new_test.go <<GO
package new

import _ "github.com/sqlkeel/sqlkeel/pgtest"
GO
tidy
added=$(($(indirect) - lines))

echo "new-module.sh: $modules modules (at most $most_modules); pgtest adds $added lines to go.mod (at most $most_lines)"
[ "$modules" -le "$most_modules" ] && [ "$added" -le "$most_lines" ]
