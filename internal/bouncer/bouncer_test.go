//go:build unix

package bouncer

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestNoModeOfPgBouncerTellsTheServersProcess(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{Session, Transaction, Statement} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			pg := pgtest.New(t)
			conn, err := pgx.Connect(t.Context(), Start(t, pg.DSN(), mode))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(context.Background()) }()
			var pid uint32
			if err := conn.QueryRow(t.Context(), "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
				t.Fatal(err)
			}
			if pid == conn.PgConn().PID() {
				t.Errorf("the session's pid is the connection's, %d", pid)
			}
			_, err = conn.Exec(t.Context(), "BEGIN")
			if refused := err != nil; refused != (mode == Statement) {
				t.Errorf("BEGIN gives %v", err)
			}
		})
	}
}

func TestADisguiseChangesTheProcessAndNothingElse(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(pgtest.New(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	config.DialFunc = Dial
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var pid uint32
	var text []byte
	err = conn.QueryRow(t.Context(), "SELECT pg_backend_pid(), $1::bytea", append(announcement, "1234"...)).Scan(&pid, &text)
	if err != nil || pid == conn.PgConn().PID() || string(text) != string(announcement)+"1234" {
		t.Errorf("pid %d, announced %d, bytes %x, %v", pid, conn.PgConn().PID(), text, err)
	}
}
