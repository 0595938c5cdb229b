package db

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// has says whether a line of the log has all of these.
func (l *lines) has(parts ...string) bool {
	for _, line := range l.all() {
		found := 0
		for _, p := range parts {
			if strings.Contains(line, p) {
				found++
			}
		}
		if found == len(parts) {
			return true
		}
	}
	return false
}

func TestTheLogTellsALife(t *testing.T) {
	t.Parallel()
	log := &lines{}
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Name: "shop", Logger: logTo(log, slog.LevelDebug)})
	if _, err := d.Exec(t.Context(), "-- name: GetOne :one\nSELECT 1"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{"level=INFO", "msg=health", "db=shop", "from=starting", "to=up"},
		{"level=INFO", "msg=connect", "db=shop", "pid="},
		{"level=DEBUG", "msg=check-out", "pid=", "age=", "statement=GetOne"},
		{"level=DEBUG", "msg=check-in", "held=", "statement=GetOne"},
		{"level=INFO", "msg=close", "pid=", "age=", "reason=shutdown"},
	} {
		if !log.has(want...) {
			t.Errorf("no line with %v in\n%s", want, strings.Join(log.all(), ""))
		}
	}
}

func TestTheLogTellsOfDeathResetAndReplay(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE SEQUENCE s")
	log := &lines{}
	d := start(t, Config{DSN: pg.DSN(), Logger: logTo(log, slog.LevelInfo), Statements: readOnly(diesOnce)})
	fill(t, d, 2)
	if _, err := d.Exec(t.Context(), diesOnce); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{"level=WARN", "statement is run again", "57P01", "statement=SELECT "},
		{"level=WARN", "msg=close", "reason=dead"},
	} {
		eventually(t, strings.Join(want, " "), func() bool { return log.has(want...) })
	}
	if log.has("msg=reset") {
		t.Error("one death is told as a reset")
	}
	d.reset(&connInfo{}, "a test")
	for _, want := range [][]string{
		{"level=WARN", "msg=reset", "a test"},
		{"level=INFO", "msg=close", "reason=reset"},
	} {
		eventually(t, strings.Join(want, " "), func() bool { return log.has(want...) })
	}
	if log.has("check-out") {
		t.Error("check-outs are told at info level")
	}
}

func TestALongBorrowIsToldOnce(t *testing.T) {
	t.Parallel()
	log := &lines{}
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HoldWarning: 20 * time.Millisecond, Logger: logTo(log, slog.LevelInfo)})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warning", func() bool {
		return log.has("level=WARN", "connection held for long", "held=", "TestALongBorrowIsToldOnce", "events_test.go")
	})
	if again := d.ledger.overdue(20 * time.Millisecond); len(again) != 0 {
		t.Errorf("it would be told again: %v", again)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}
