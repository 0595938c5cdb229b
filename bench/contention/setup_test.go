package contention

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// lab is a bank on a database of the test's own.
type lab struct {
	dsn  string
	bank *bank
}

func setup(t *testing.T) *lab {
	t.Helper()
	dsn := pgtest.New(t).DSN()
	b, err := openBank(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.close(context.Background()) })
	return &lab{dsn: dsn, bank: b}
}

func (l *lab) refill(t *testing.T, rows int) {
	t.Helper()
	if err := l.bank.refill(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := l.bank.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// short is a round that is over soon.
func (l *lab) short(workers, rows int) round {
	return round{
		Scenario: Scenario{Workers: workers, Rows: rows}, dsn: l.dsn, pool: 4,
		isolation: pgx.Serializable, duration: 200 * time.Millisecond, seed: 1,
	}
}

// goArms are the arms that are written in Go.
func goArms() []arm {
	var found []arm
	for _, a := range arms(Config{}) {
		if a.role != server {
			found = append(found, a)
		}
	}
	return found
}
