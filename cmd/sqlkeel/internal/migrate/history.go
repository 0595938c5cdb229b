package migrate

import (
	"cmp"
	"slices"
	"time"
)

// record is what goose's version table says of a migration.
type record struct {
	version int64
	at      *time.Time // nil when that was not recorded
}

// history is what has been applied, in the order of application.
type history []record

// history reads the version table. Unlike goose it does not create the table: to
// look changes nothing. The last line of a version counts: goose once noted a
// rollback as one more line.
func (s *session) history() (history, error) {
	const doing = "read the versions applied"
	var exists bool
	if err := s.db.QueryRowContext(s.ctx, "SELECT to_regclass($1) IS NOT NULL", s.table).Scan(&exists); err != nil {
		return nil, s.failed(doing, err)
	}
	if !exists {
		return nil, nil
	}
	rows, err := s.db.QueryContext(s.ctx, "SELECT version_id, tstamp, is_applied FROM "+s.table+" WHERE version_id > 0 ORDER BY id")
	if err != nil {
		return nil, s.failed(doing, err)
	}
	defer rows.Close()
	var list history
	s.undone = map[int64]bool{}
	for rows.Next() {
		var r record
		var applied bool
		if err := rows.Scan(&r.version, &r.at, &applied); err != nil {
			return nil, s.failed(doing, err)
		}
		list = slices.DeleteFunc(list, func(old record) bool { return old.version == r.version })
		if s.undone[r.version] = !applied; applied {
			list = append(list, r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.failed(doing, err)
	}
	return list, nil
}

// forget removes the lines of a version that was rolled back by such a goose, which
// today's takes for applied.
func (s *session) forget(version int64) error {
	if !s.undone[version] {
		return nil
	}
	if _, err := s.db.ExecContext(s.ctx, "DELETE FROM "+s.table+" WHERE version_id = $1", version); err != nil {
		return s.failed("remove the record of a rollback", err)
	}
	return nil
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
