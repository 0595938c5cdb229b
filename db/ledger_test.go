package db

import (
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestTheCallersAreNotedThatHoldAConnection(t *testing.T) {
	t.Parallel()
	const known, unknown = "-- name: Numbers :many\nSELECT n FROM generate_series(1, 3) n", "SELECT 1"
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Statements: readOnly(known)})
	for sql, want := range map[string]string{known: "Numbers", unknown: "SELECT"} {
		rows, err := d.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		held := d.ledger.all()
		if len(held) != 1 || held[0].Statement != want || !strings.Contains(strings.Join(held[0].Stack, " "), "TestTheCallersAreNoted") {
			t.Errorf("open rows of %s: %+v", want, held)
		}
		rows.Close()
	}
	row := d.QueryRow(t.Context(), known)
	if held := d.ledger.all(); len(held) != 1 || held[0].Statement != "Numbers" || len(held[0].Stack) != 0 {
		t.Errorf("a row of a known statement: %+v", held)
	} else if line := held[0].describe(); !strings.HasSuffix(line, " by Numbers") {
		t.Errorf("a row of a known statement: %q", line)
	}
	if err := row.Scan(new(int)); err != nil {
		t.Error(err)
	}
}
