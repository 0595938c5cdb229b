package readsproof

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// phases are what befalls the readers.
//
// A session that ends costs a read its first try, and perhaps its second. A cancelled
// statement is an error of at most one caller, and of none if the read is sent again. A
// change of a table is an error only for a read that meets a second one when it is sent
// again. A caller that leaves is no error of any other caller.
var phases = []phase{
	{name: "no faults"},
	{name: "callers leave", leave: true},
	{name: "sessions are terminated", fault: terminate, pause: 20 * time.Millisecond, round: 10, allows: disconnected},
	{name: "the server restarts", fault: restart, pause: 300 * time.Millisecond, round: 2, allows: disconnected},
	{name: "the network fails", fault: disturb, pause: 200 * time.Millisecond, round: 4, allows: disconnected},
	{name: "statements are cancelled", fault: cancelOne, pause: 2 * time.Millisecond, round: 50, allows: cancelled, check: eachOnce},
	{name: "tables change", fault: change, pause: 30 * time.Millisecond, round: len(changes), allows: stale, check: rarelyStale},
	{name: "callers leave while sessions end and tables change", leave: true, fault: everything, pause: 30 * time.Millisecond, round: len(changes), allows: either, check: rarelyStale},
}

// disconnected allows what a caller gets whose connections died, or that found none.
func disconnected(err error) bool {
	return pgerr.KindOf(err) == pgerr.Disconnected || kindOf(err) == "acquire timeout"
}

func cancelled(err error) bool { return pgerr.Code(err) == "57014" }

func stale(err error) bool { return pgerr.KindOf(err) == pgerr.StalePlan }

func either(err error) bool { return stale(err) || disconnected(err) }

// rarelyStale holds that few reads meet two changes.
func rarelyStale(l *lab, f *figures) {
	if n := f.errors["0A000"]; n > f.faults.made {
		l.fail("%d reads got 0A000 beside %d changes", n, f.faults.made)
	}
}

// faults makes faults.
type faults struct {
	rng     *rand.Rand
	made    int
	signals int // sent to sessions
}

// prepare makes the tables.
func prepare(t *testing.T, server *pgtest.Server) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
}

// admin runs work on a connection of its own, around the proxy.
func (l *lab) admin(work func(conn *pgx.Conn) error) {
	conn, err := pgx.Connect(l.ctx, l.server.DSN())
	if err != nil {
		l.fail("an administrator's connection: %v", err)
		return
	}
	defer func() { _ = conn.Close(context.WithoutCancel(l.ctx)) }()
	if err := work(conn); err != nil {
		l.fail("an administrator's work: %v", err)
	}
}

// signal sends one of the readers' sessions a signal.
func (l *lab) signal(f *faults, sql, which string) {
	l.admin(func(conn *pgx.Conn) error {
		rows, err := conn.Query(l.ctx, `SELECT pid FROM pg_stat_activity WHERE application_name = 'readers' AND `+which+` ORDER BY pid`)
		if err != nil {
			return err
		}
		pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
		if err != nil || len(pids) == 0 {
			return err
		}
		f.signals++
		_, err = conn.Exec(l.ctx, sql, pids[f.rng.IntN(len(pids))])
		return err
	})
}

func terminate(l *lab, f *faults) { l.signal(f, `SELECT pg_terminate_backend($1, 10000)`, "true") }

func cancelOne(l *lab, f *faults) { l.signal(f, `SELECT pg_cancel_backend($1)`, "state = 'active'") }

// eachOnce holds that a cancelled statement is the error of one caller at most.
func eachOnce(l *lab, f *figures) {
	if n := f.errors["57014"]; n > f.faults.signals {
		l.fail("%d callers got 57014 of %d cancelled statements", n, f.faults.signals)
	}
}

// restart stops the server in an orderly way, or every second time not, and starts it.
func restart(l *lab, f *faults) {
	if f.made%2 == 0 {
		l.server.Stop()
	} else {
		l.server.StopImmediate()
	}
	l.server.Start()
}

// disturb cuts connections, or silences them for less and for more time than a batch of
// reads may take.
func disturb(l *lab, f *faults) {
	silence := 100*time.Millisecond + time.Duration(f.rng.Int64N(int64(100*time.Millisecond)))
	switch f.made % 4 {
	case 0:
		l.proxy.Cut()
	case 1:
		l.proxy.HangExisting()
		l.wait(silence)
		l.proxy.Cut()
		l.proxy.Resume()
	case 2:
		l.proxy.Hang()
		l.wait(silence)
		l.proxy.Resume()
	case 3:
		l.proxy.Hang()
		l.wait(600*time.Millisecond + silence)
		l.proxy.Cut()
		l.proxy.Resume()
	}
}

// changes are transactions that change the tables, and leave them as they were after the
// last one. Two lock both tables, in orders that cross.
var changes = []string{
	`ALTER TABLE items ADD COLUMN more bigint NOT NULL DEFAULT 1`,
	`ALTER TABLE extras ALTER rank TYPE bigint`,
	`ALTER TABLE items ADD COLUMN other text; ALTER TABLE extras ADD COLUMN other text`,
	`ALTER TABLE items DROP CONSTRAINT items_code_key`,
	`ALTER TABLE extras ALTER rank TYPE double precision`, // whose bytes a bigint may be read from
	`ALTER TABLE extras DROP COLUMN IF EXISTS other; ALTER TABLE items DROP COLUMN IF EXISTS other`,
	`ALTER TABLE items ADD CONSTRAINT items_code_key UNIQUE (code)`,
	`ALTER TABLE extras ALTER rank TYPE integer`,
	`ALTER TABLE items DROP COLUMN IF EXISTS more`,
}

// change makes one of the changes, which must succeed: no read may be in its way for long.
// A table has 1600 columns at most, those included that were dropped; then none is added.
func change(l *lab, f *faults) {
	sql := changes[f.made%len(changes)]
	l.admin(func(conn *pgx.Conn) error {
		return pgx.BeginFunc(l.ctx, conn, func(tx pgx.Tx) error {
			var columns int
			err := tx.QueryRow(l.ctx, "SELECT max(attnum) FROM pg_attribute WHERE attrelid = 'items'::regclass").Scan(&columns)
			if err != nil || columns > 1500 && strings.Contains(sql, "ADD COLUMN") {
				return err
			}
			_, err = tx.Exec(l.ctx, sql, pgx.QueryExecModeSimpleProtocol)
			return err
		})
	})
}

func everything(l *lab, f *faults) {
	change(l, f)
	if f.made%4 == 0 {
		terminate(l, f)
	}
}
