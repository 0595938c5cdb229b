package db

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// reader is a read of an item that is ready to be sent by a batch.
func (s *sharing) reader(t *testing.T, sql string, id int) *reader {
	t.Helper()
	c := exec.Resolve(s.cfg.Statements, sql, []any{id})
	r := &reader{shares: s.shares, ctx: t.Context(), call: c, of: s.shares.of(&c), since: time.Now(), gate: shut(), coder: s.shares.coders.Get().(*coder)}
	text, known := s.shares.texts.Load(sql)
	if !known {
		t.Fatal("the text is not known")
	}
	r.text = text.(*pgconn.StatementDescription)
	if err := r.coder.args.Build(r.coder.Map, r.text, c.Args); err != nil {
		t.Fatal(err)
	}
	return r
}

// batch is one of three names, on the first connection that is held.
func (s *sharing) batch(t *testing.T) *readGroup {
	t.Helper()
	s.shares.trip.Store(int64(time.Hour))                      // no batch is slow, on no machine
	s.shares.known[s.cfg.Statements.Lookup(itemName)].Store(0) // as after a read alone
	return &readGroup{members: []*reader{s.reader(t, itemName, 1), s.reader(t, itemName, 2), s.reader(t, itemName, 3)}, lease: s.held[0]}
}

// once sends a batch once, and returns how many reads are to be sent again.
func (g *readGroup) once(t *testing.T) (again int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, r := range g.members {
		r.group = g
	}
	reads, err := g.prepare(ctx, time.Now().Add(patience))
	if err == nil && len(reads) > 0 {
		reads, err = g.round(ctx, reads)
	}
	g.forget(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return len(reads)
}

// answered counts the reads of a batch that have their results.
func (g *readGroup) answered() (n int) {
	for _, r := range g.members {
		if r.result != nil {
			n++
		}
	}
	return n
}

// prepared counts what was prepared for batches on the first connection that is held.
func (s *sharing) prepared(t *testing.T) int {
	t.Helper()
	return number(t, s.held[0].conn, "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'sqlkeel%'")
}

func TestATextIsPreparedOnceOnAConnection(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	for range 3 {
		if g := s.batch(t); g.once(t) != 0 || g.answered() != 3 {
			t.Fatalf("%d of 3 reads were answered", g.answered())
		}
	}
	if n := s.prepared(t); n != 2 { // with the guard
		t.Errorf("%d statements were prepared for batches", n)
	}
}

func TestAStaleTextIsPreparedAnew(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	s.batch(t).once(t)
	execute(t, s.pg.Conn(), "ALTER TABLE items ALTER name TYPE varchar")
	for i, want := range []int{0, 0, 3} { // it is stale, is described, is known
		if g := s.batch(t); g.once(t) != 0 || g.answered() != want {
			t.Errorf("%d reads of batch %d were answered, want %d", g.answered(), i, want)
		}
	}
	if n := s.prepared(t); n != 2 {
		t.Errorf("the server keeps %d statements, with the guard", n)
	}
}

// Of two connections one prepared the text before a change, and the other one after it.
func TestDescriptionsFromBeforeAChangeAreGivenUp(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 2})
	defer s.free()
	s.batch(t).once(t)
	execute(t, s.pg.Conn(), "ALTER TABLE items ALTER name TYPE varchar")
	for i, step := range []struct{ conn, want int }{{1, 0}, {1, 3}, {0, 0}, {1, 0}, {0, 3}, {1, 3}} {
		g := s.batch(t)
		g.lease = s.held[step.conn]
		if g.once(t) != 0 || g.answered() != step.want {
			t.Errorf("%d reads of batch %d were answered, want %d", g.answered(), i, step.want)
		}
	}
}

// A read is encoded by one description, and its batch finds another one.
func TestAReadIsSentAsItWasEncoded(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"ALTER id TYPE bigint", "ALTER name TYPE bytea USING name::bytea"} {
		s := share(t, Config{})
		g := s.batch(t)
		clear(s.held[0].info.prepared)
		execute(t, s.pg.Conn(), "ALTER TABLE items "+change)
		if g.once(t) != 0 || g.answered() != 0 {
			t.Errorf("%s: %d reads were answered", change, g.answered())
		}
		s.free()
	}
}

func TestABatchPreparesNoTextWhenItsTimeRunsOut(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	s.batch(t).once(t)
	g := s.batch(t)
	g.members = append(g.members, s.reader(t, itemNote, 1))
	ready, err := g.prepare(t.Context(), time.Now().Add(-time.Hour))
	if err != nil || len(ready) != 3 {
		t.Errorf("%d of the 3 reads whose text is prepared are ready, error %v", len(ready), err)
	}
	clear(s.held[0].info.prepared)
	if ready, err := s.batch(t).prepare(t.Context(), time.Now().Add(-time.Hour)); err != nil || len(ready) != 0 {
		t.Errorf("%d reads are ready without the guard, error %v", len(ready), err)
	}
}

func TestATextThatCannotBePreparedIsItsCallersError(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	execute(t, s.pg.Conn(), "ALTER TABLE items DROP note")
	execute(t, s.held[0].conn, "DEALLOCATE ALL")
	clear(s.held[0].info.prepared)
	calls := append(s.reads(t, 1, 2, 3), func() error { return s.QueryRow(t.Context(), itemNote, 2).Scan(new(string), new(string)) })
	for i, err := range s.together(t, calls...) {
		if i < 3 && err != nil || i == 3 && (err == nil || !strings.Contains(err.Error(), "SQLSTATE 42703")) {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 3 || s.shares.known[s.cfg.Statements.Lookup(itemNote)].Load() == 0 {
		t.Errorf("%+v, or each of its reads has it prepared", got)
	}
}

func TestAConnectionThatForgotItsTextsLearnsThemAnew(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	s.batch(t).once(t)
	for _, forget := range []func() string{
		func() string { return "DEALLOCATE ALL" },
		func() string { return "DEALLOCATE " + strconv.Quote(s.held[0].info.prepared[itemName].Name) },
	} {
		forget := forget()
		execute(t, s.held[0].conn, forget)
		if g := s.batch(t); g.once(t) == 3 || g.answered() != 0 { // its members run alone
			t.Errorf("%s: %d reads were answered", forget, g.answered())
		}
		if g := s.batch(t); g.once(t) != 0 || g.answered() != 3 {
			t.Errorf("%s: %d of 3 reads were answered", forget, g.answered())
		}
	}
}

func TestACallerThatKeepsItsRowsMakesNoStatementSlow(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	s.free()
	if _, err := s.name(t.Context(), 1); err != nil { // a quick one, to compare with
		t.Fatal(err)
	}
	for range 3 {
		rows, err := s.Query(t.Context(), itemName, 1)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "a while", func() bool { return time.Since(s.ledger.leases()[0].since) > 2*slowBatch })
		rows.Close()
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
	}
	if p := s.shares.known[s.cfg.Statements.Lookup(itemName)].Load(); p != 0 {
		t.Errorf("its reads run alone until one takes less than %v", time.Duration(p))
	}
}

func TestAPanicAtTheEndOfABatchLosesNoRead(t *testing.T) {
	t.Parallel()
	var log lines
	s := share(t, Config{Logger: logTo(&log, 0)})
	defer s.free()
	g := s.batch(t)
	// Without a connection of the pool its release panics, as a tracer of releases may.
	g.lease = &lease{d: s.DB, conn: s.held[0].conn, info: newInfo(s.held[0].conn), since: time.Now()}
	members, q := g.members, &s.shares.queue
	q.readers, q.running = 3, 1
	func() {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("panic: %v", p)
			}
			s.slots <- struct{}{} // that of the connection which is held
		}()
		s.shares.run(g)
	}()
	for _, r := range members {
		if !r.gate.try() || r.result == nil {
			t.Error("the read has no row, or was not told")
		}
	}
	if q.readers != 0 || q.running != 0 || !log.has("panic beside reads that share", "") {
		t.Errorf("%d readers, %d running, log %s", q.readers, q.running, log.all())
	}
}

// A pooler may hand out a session that another process prepared its statements in.
func TestNoTwoSessionsHaveAPreparedStatementOfOneName(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 2})
	defer s.free()
	s.batch(t).once(t)
	s.held[0], s.held[1] = s.held[1], s.held[0]
	s.batch(t).once(t)
	for _, sql := range []string{readOnlyGuard, itemName} {
		if a, b := s.held[0].info.prepared[sql].Name, s.held[1].info.prepared[sql].Name; a == b {
			t.Errorf("both have %s", a)
		}
	}
}

// The server analyses a text anew after a change of its table. With the parameter's type
// from before it finds no operator, or no common type.
func TestATextThatMeansNothingAnyMoreIsPreparedAnew(t *testing.T) {
	t.Parallel()
	const uuid = "9f8c1d52-0c0b-4d5e-8a55-3e1a6b1f0001"
	for _, c := range []struct{ sql, change, code string }{
		{"-- name: KeyName :one\nSELECT name FROM keys WHERE key = $1", "ALTER key TYPE text USING key::text", "42883"},
		{"-- name: NoteName :one\nSELECT name FROM keys WHERE key = '" + uuid + "' AND coalesce(note, $1) IS NOT NULL", "ALTER note TYPE uuid USING NULL", "42804"},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			pg := pgtest.New(t)
			execute(t, pg.Conn(), "CREATE TABLE keys (key uuid PRIMARY KEY, name text NOT NULL, note text)", "INSERT INTO keys VALUES ('"+uuid+"', 'one', 'note')")
			s := shareOn(t, pg, Config{Statements: unique(c.sql)})
			read := func() error {
				var name string
				err := s.QueryRow(t.Context(), c.sql, uuid).Scan(&name)
				if err == nil && name != "one" {
					return fmt.Errorf("%q", name)
				}
				return err
			}
			s.shareInTheEnd(t, read, read, read)
			execute(t, pg.Conn(), "ALTER TABLE keys "+c.change)
			if _, err := s.held[0].conn.Exec(t.Context(), "EXECUTE "+strconv.Quote(s.held[0].info.prepared[c.sql].Name)+" ('"+uuid+"')"); pgerr.Code(err) != c.code {
				t.Fatalf("the prepared text is refused with %v", err)
			}
			s.shareInTheEnd(t, read, read, read)
			if n := s.prepared(t); n != 2 {
				t.Errorf("the server keeps %d statements, with the guard", n)
			}
			s.free()
		})
	}
}

// Neither means that the text is out of date, or that it is not what it was taken for.
func TestAnErrorOfAFunctionIsItsCallers(t *testing.T) {
	t.Parallel()
	const (
		body = "-- name: Body :one\nSELECT misses(id) FROM items WHERE id = $1"
		unit = "-- name: Unit :one\nSELECT date_trunc('timezone', timestamp '2026-01-01' + id * interval '1 day')::text FROM items WHERE id = $1"
	)
	pg := sharedItems(t)
	execute(t, pg.Conn(), "CREATE FUNCTION misses(id int) RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN no_such_function(id); END'")
	s := shareOn(t, pg, Config{Statements: unique(body, unit)})
	s.shares.trip.Store(int64(time.Hour))
	defer s.free()
	for sql, code := range map[string]string{body: "42883", unit: "0A000"} {
		for range 3 {
			g := &readGroup{members: []*reader{s.reader(t, sql, 1), s.reader(t, sql, 2)}, lease: s.held[0]}
			again := g.once(t)
			if r := g.members[0]; again != 1 || r.result == nil || pgerr.Code(r.result.Err) != code || r.of.Load() != 0 {
				t.Errorf("%s: %d reads are sent again, result %+v, pace %d", code, again, r.result, r.of.Load())
			}
		}
	}
	if n := s.prepared(t); n != 3 {
		t.Errorf("the server keeps %d statements, with the guard", n)
	}
}

// Its text is not out of date, though its error looks so.
func TestATextThatFailsForGoodRunsAlone(t *testing.T) {
	t.Parallel()
	const lost = "-- name: Lost :one\nSELECT ('no_such_' || id)::regclass::text FROM items WHERE id = $1"
	s := share(t, Config{Statements: unique(itemName, lost)})
	s.shares.trip.Store(int64(time.Hour))
	fails := func() error {
		if err := s.QueryRow(t.Context(), lost, 1).Scan(new(string)); pgerr.Code(err) != "42P01" {
			return fmt.Errorf("%w in place of its error", err)
		}
		return nil
	}
	for range 3 {
		for i, err := range s.together(t, append(s.reads(t, 1, 2), fails, fails)...) {
			if err != nil {
				t.Errorf("read %d: %v", i, err)
			}
		}
		s.hold(t)
	}
	s.shareInTheEnd(t, s.reads(t, 1, 2)...)
	if n := s.prepared(t); n != 2 || s.shares.known[s.cfg.Statements.Lookup(lost)].Load() == 0 {
		t.Errorf("the server keeps %d statements, with the guard, or the text is tried in batches", n)
	}
	s.free()
}

// One read of a batch was encoded before a change, and the others after it.
func TestAnOldReadTakesNoTextFromTheOthers(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	old := s.batch(t)
	execute(t, s.pg.Conn(), "ALTER TABLE items ALTER name TYPE varchar")
	text, err := old.prepared(t.Context(), itemName, time.Now().Add(patience))
	if err != nil {
		t.Fatal(err)
	}
	s.shares.texts.Store(itemName, text)
	g := s.batch(t)
	g.members[0] = old.members[0]
	if again := g.once(t); again != 0 || g.answered() != 2 || g.members[0].result != nil {
		t.Errorf("%d reads were answered, %d are sent again", g.answered(), again)
	}
}

// The lock is one that a migration holds.
func TestATextThatCannotBePreparedInTimeIsLeftOut(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	g := s.batch(t)
	if _, err := g.prepared(t.Context(), readOnlyGuard, time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	execute(t, s.pg.Conn(), "BEGIN", "LOCK TABLE items")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := g.prepare(ctx, time.Now().Add(patience)); err == nil || g.members[0].of.Load() == 0 {
		t.Errorf("error %v, and the next batch waits for the lock, too", err)
	}
}

func TestASlowStatementLeavesTheGroupsThatWait(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	g := s.batch(t)
	slow := s.reader(t, itemNote, 1)
	g.members = append(g.members, slow)
	slow.of.suspect(time.Second)
	if g.once(t) != 0 || g.answered() != 3 || slow.result != nil || s.held[0].info.prepared[itemNote] != nil {
		t.Errorf("%d reads were answered, the slow one: %v", g.answered(), slow.result)
	}
}
