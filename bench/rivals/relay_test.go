package rivals

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestTheRelayCountsWhatAClientWaitsFor(t *testing.T) {
	t.Parallel()
	r, dsn, err := startRelay(pgtest.New(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	one := func() error { _, err := conn.Exec(t.Context(), "SELECT $1::int", 1); return err }
	if err := one(); err != nil { // it is prepared now
		t.Fatal(err)
	}
	for _, tc := range []struct {
		what string
		want counts
		do   func() error
	}{
		{"a prepared statement", counts{1, 1}, one},
		{"one that is prepared first", counts{2, 1}, func() error { _, err := conn.Exec(t.Context(), "SELECT 2 + $1::int", 1); return err }},
		{"a batch", counts{1, 3}, func() error {
			batch := &pgx.Batch{}
			for range 3 {
				batch.Queue("SELECT $1::int", 1)
			}
			return conn.SendBatch(t.Context(), batch).Close()
		}},
		{"a transaction", counts{3, 3}, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(pgx.Tx) error { return one() })
		}},
		{"several in a text", counts{1, 2}, func() error {
			return conn.PgConn().Exec(t.Context(), "SELECT 1; SELECT 2").Close()
		}},
	} {
		r.reset()
		if err := tc.do(); err != nil {
			t.Errorf("%s: %v", tc.what, err)
		}
		if got := r.reset(); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.what, got, tc.want)
		}
	}
}

func TestARelayThatIsClosedEndsItsConnections(t *testing.T) {
	t.Parallel()
	r, dsn, err := startRelay(pgtest.New(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	r.close()
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection still answers")
	}
}
