package syntax

import (
	"fmt"

	pg "github.com/sqlc-dev/oliphant"
)

// Parse is the parser's own Parse, with its panics as errors.
func Parse(sql string) (tree *pg.ParseResult, err error) {
	defer recovered(&err)
	return pg.Parse(sql)
}

// recovered turns a panic of the parser into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the parser failed: %v", p)
	}
}
