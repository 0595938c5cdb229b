package migrate

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestStatusChangesNothingAndTakesNoLock(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())
	m.tune.onStatement = func(sql string) {
		if strings.Contains(sql, "try_advisory_lock") || strings.HasPrefix(sql, "CREATE") {
			t.Errorf("sent %s", sql)
		}
	}
	st, err := m.Status(t.Context())
	if err != nil || st.Version != 0 || st.Latest != 2 || st.Pending != 2 || st.Missing != 0 || len(st.Migrations) != 2 {
		t.Errorf("Status = %+v, %v", st, err)
	}
	if one[bool](t, db, "SELECT to_regclass('goose_db_version') IS NOT NULL") {
		t.Error("the version table was created")
	}
}

func TestStatusTellsAppliedPendingAndMissingApart(t *testing.T) {
	t.Parallel()
	db := database(t)
	all := twoTables()
	before := time.Now().Add(-time.Minute)
	mustUp(t, migrator(t, db, all))
	other := files("00001_authors.sql", string(all["00001_authors.sql"].Data), "00003_tags.sql", good)
	st, err := migrator(t, db, other).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Version != 2 || st.Latest != 3 || st.Pending != 1 || st.Missing != 1 || len(st.Migrations) != 3 {
		t.Fatalf("Status = %+v", st)
	}
	for i, want := range []State{Applied, Missing, Pending} {
		e := st.Migrations[i]
		if e.State != want || e.Version != int64(i+1) || (e.File == "") != (want == Missing) || (e.AppliedAt == nil) != (want == Pending) {
			t.Errorf("entry %d = %+v, want %s", i, e, want)
		}
		if e.AppliedAt != nil && (e.AppliedAt.Before(before) || e.AppliedAt.After(time.Now().Add(time.Minute))) {
			t.Errorf("applied at %s", e.AppliedAt)
		}
	}
}

func TestStatusOfWrongFilesIsStillGiven(t *testing.T) {
	t.Parallel()
	fsys := twoTables()
	fsys["00003_open.sql"] = files("x", "-- +goose Up\nSELECT 1\n")["x"]
	st, err := migrator(t, database(t), fsys).Status(t.Context())
	if err != nil || st.Pending != 3 {
		t.Errorf("Status = %+v, %v", st, err)
	}
}

func TestAStatusMarshalsWithoutNulls(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	set, err := load(files("00001_a.sql", good, "00002_b.sql", good), "migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		set  *fileSet
		h    history
		want string
	}{
		{&fileSet{}, nil, `{"version":0,"latest":0,"pending":0,"missing":0,"migrations":[]}`},
		{set, history{{1, &at}}, `{"version":1,"latest":2,"pending":1,"missing":0,"migrations":[` +
			`{"version":1,"file":"migrations/00001_a.sql","state":"applied","applied_at":"2026-01-02T03:04:05Z"},` +
			`{"version":2,"file":"migrations/00002_b.sql","state":"pending"}]}`},
	} {
		data, err := json.Marshal(newStatus(tc.set, tc.h))
		if err != nil || string(data) != tc.want {
			t.Errorf("%s, %v", data, err)
		}
	}
}
