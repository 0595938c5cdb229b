package migrate

import (
	"cmp"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

const versionTable = goose.DefaultTablename

// record is one line of goose's version table.
type record struct {
	version int64
	at      time.Time
}

// history is what has been applied, in the order of application.
type history []record

// history reads the version table. Unlike goose it does not create the table:
// to look changes nothing.
func (s *session) history() (history, error) {
	const doing = "read the versions applied"
	var exists bool
	if err := s.db.QueryRowContext(s.ctx, "SELECT to_regclass($1) IS NOT NULL", versionTable).Scan(&exists); err != nil {
		return nil, s.failed(doing, err)
	}
	if !exists {
		return nil, nil
	}
	rows, err := s.db.QueryContext(s.ctx, "SELECT version_id, tstamp FROM "+versionTable+" WHERE version_id > 0 AND is_applied ORDER BY id")
	if err != nil {
		return nil, s.failed(doing, err)
	}
	defer rows.Close()
	var list history
	for rows.Next() {
		var r record
		if err := rows.Scan(&r.version, &r.at); err != nil {
			return nil, s.failed(doing, err)
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.failed(doing, err)
	}
	return list, nil
}

// version returns the highest version applied, 0 when none is.
func (h history) version() int64 {
	if len(h) == 0 {
		return 0
	}
	return slices.MaxFunc(h, func(a, b record) int { return cmp.Compare(a.version, b.version) }).version
}

// find returns the record of a version, or nil.
func (h history) find(version int64) *record {
	for i := range h {
		if h[i].version == version {
			return &h[i]
		}
	}
	return nil
}
