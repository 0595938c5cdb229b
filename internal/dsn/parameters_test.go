package dsn_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/dsn"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestEveryParameterThatASessionMaySetIsKnown(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	rows, _ := conn.Query(t.Context(), `SELECT name FROM pg_settings
		WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend') AND name NOT LIKE '%.%'`)
	type parameter struct{ Name string }
	parameters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[parameter])
	if err != nil || len(parameters) < 100 {
		t.Fatalf("%d parameters: %v", len(parameters), err)
	}
	for _, p := range parameters {
		if _, err := dsn.Parse("postgres://h/d?" + p.Name + "=x"); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
