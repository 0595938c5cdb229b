package migrate_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/migrate"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestTheBookstoresFilesHaveNoProblemAndNoWarning(t *testing.T) {
	t.Parallel()
	problems, err := migrate.Validate(migrations.FS, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

func TestUpDownUpOfTheBookstoreLeavesTheSameSchema(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	conn := db.Conn()
	m, err := migrate.New(migrate.Config{DSN: db.DSN(), FS: migrations.FS})
	if err != nil {
		t.Fatal(err)
	}
	snapshot := func() string {
		t.Helper()
		text, err := migrate.Snapshot(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}

	// The schema before each version was applied is what its Down must give back.
	before := []string{snapshot()}
	st, err := m.Status(t.Context())
	if err != nil || st.Pending == 0 {
		t.Fatalf("Status = %+v, %v", st, err)
	}
	for _, entry := range st.Migrations {
		if _, err := m.UpTo(t.Context(), entry.Version); err != nil {
			t.Fatal(err)
		}
		before = append(before, snapshot())
	}
	for i := len(st.Migrations) - 1; i >= 0; i-- {
		if _, err := m.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := snapshot(); got != before[i] {
			t.Errorf("%s: its Down leaves\n%s\nwant\n%s", st.Migrations[i].File, got, before[i])
		}
	}
	run, err := m.Up(t.Context())
	if err != nil || len(run.Steps) != len(st.Migrations) {
		t.Fatalf("Up = %+v, %v", run, err)
	}
	if got, full := snapshot(), before[len(before)-1]; got != full {
		t.Errorf("the second up gives\n%s\nwant\n%s", got, full)
	}
}
