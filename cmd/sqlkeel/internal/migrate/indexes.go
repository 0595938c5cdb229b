package migrate

import (
	"fmt"
	"strings"
)

// checkIndexes looks for what a failed CREATE INDEX CONCURRENTLY left behind,
// before a file that runs without a transaction. An index that the file would
// create again is an error, unless an earlier statement drops it or builds it
// anew; any other is a warning.
func (s *session) checkIndexes(file *script, direction Direction, run *Run) error {
	rows, err := s.db.QueryContext(s.ctx, `
		SELECT n.nspname, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_' ORDER BY 1, 2`)
	if err != nil {
		return s.failed("look for invalid indexes", err)
	}
	defer rows.Close()
	for rows.Next() {
		var schema, name string
		if err := rows.Scan(&schema, &name); err != nil {
			return s.failed("look for invalid indexes", err)
		}
		if creator := createsIndex(file, direction, name); creator != nil {
			line, col := creator.place(1)
			return &InvalidIndexError{File: file.path, Line: line, Col: col, Version: file.version, Index: ident(schema, name)}
		}
		run.Warnings = append(run.Warnings, fmt.Sprintf("before %s: index %s is invalid", file.path, ident(schema, name)))
	}
	if err := rows.Err(); err != nil {
		return s.failed("look for invalid indexes", err)
	}
	return nil
}

// createsIndex returns the statement that would meet the index name, or nil.
func createsIndex(file *script, direction Direction, name string) *statement {
	statements, _ := file.section(direction)
	for i := range statements {
		text := strings.ToUpper(statements[i].text)
		if !strings.Contains(text, strings.ToUpper(name)) {
			continue
		}
		if strings.HasPrefix(text, "CREATE") {
			return &statements[i]
		}
		return nil
	}
	return nil
}
