package migrate

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// State is where a migration stands.
type State string

const (
	// Applied is a file that has been applied.
	Applied State = "applied"
	// Pending is a file that has not.
	Pending State = "pending"
	// Missing is a version that was applied and has no file: an older or another
	// set of files is in use.
	Missing State = "missing"
)

// Status compares the files with what the database has recorded.
type Status struct {
	// Version is the highest version applied, 0 when none is; Latest that of
	// the files.
	Version int64 `json:"version"`
	Latest  int64 `json:"latest"`
	// Pending and Missing count the migrations in that state.
	Pending int `json:"pending"`
	Missing int `json:"missing"`
	// Migrations are ordered by version; empty, not nil, when there are none.
	Migrations []Entry `json:"migrations"`
}

// Entry is one migration of a [Status].
type Entry struct {
	Version int64 `json:"version"`
	// File is empty for a missing one.
	File  string `json:"file,omitempty"`
	State State  `json:"state"`
	// AppliedAt is nil for a pending one, and where the time was not recorded.
	AppliedAt *time.Time `json:"applied_at,omitempty"`
}

// Status reads how far the database has got. It changes nothing, takes no lock,
// and does not mind mistakes inside the files. Its errors are a [*ConnectError]
// and those of reading files and database.
func (m *Migrator) Status(ctx context.Context) (*Status, error) {
	set, err := load(m.cfg.FS, m.cfg.Dir)
	if err != nil {
		return nil, err
	}
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	applied, err := s.history()
	if err != nil {
		return nil, err
	}
	return newStatus(set, applied), nil
}

func newStatus(set *fileSet, applied history) *Status {
	st := &Status{Version: applied.version(), Latest: set.latest(), Migrations: []Entry{}}
	for _, file := range set.scripts {
		entry := Entry{Version: file.version, File: file.path, State: Pending}
		if r := applied.find(file.version); r != nil {
			entry.State, entry.AppliedAt = Applied, r.at
		} else {
			st.Pending++
		}
		st.Migrations = append(st.Migrations, entry)
	}
	for i := range applied {
		if set.find(applied[i].version) == nil {
			st.Missing++
			st.Migrations = append(st.Migrations, Entry{Version: applied[i].version, State: Missing, AppliedAt: applied[i].at})
		}
	}
	slices.SortStableFunc(st.Migrations, func(a, b Entry) int { return cmp.Compare(a.Version, b.Version) })
	return st
}
