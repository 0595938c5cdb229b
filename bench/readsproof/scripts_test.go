package readsproof

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// call is a read of a script.
type call struct {
	sql  string
	args []any
	way  int // how it is read
	end  ending
}

// ending is when the caller leaves.
type ending uint8

const (
	stays       ending = iota
	leftBefore         // before it reads
	leavesQueue        // while it waits for a connection
	leavesLate         // when connections are free again: it may have its answer by then
)

// String is the call for a report.
func (c *call) String() string {
	_, text, _ := strings.Cut(c.sql, "\n")
	return fmt.Sprintf("%s %.60s, way %d, %s\n", text, fmt.Sprint(c.args...), c.way, [...]string{"stays", "left before", "leaves the queue", "leaves late"}[c.end])
}

// explosive is an argument that panics when it is encoded.
type explosive struct{}

// Value panics.
func (explosive) Value() (driver.Value, error) { panic("explosive") }

// randomCall is a read that succeeds, finds nothing, is refused by the server or by pgx, or
// panics.
func randomCall(rng *rand.Rand) *call {
	r, id := readings[rng.IntN(len(readings))], 1+rng.Int64N(rowsOf)
	c := &call{sql: r.SQL, way: rng.IntN(ways)}
	switch r.Name {
	case "itemByCode":
		c.args = []any{fmt.Sprintf("code %d", id)}
	case "pair":
		c.args = []any{id / 32, id % 32}
	case "slow":
		c.args = []any{id, int64(1)}
	default:
		c.args = []any{id}
	}
	switch rng.IntN(20) {
	case 0:
		c.args[0] = nil
	case 1:
		c.args[0] = "no number"
	case 2:
		c.args[0] = struct{}{}
	case 3:
		c.args[0] = explosive{}
	case 4:
		c.args = append(c.args, id)
	case 5:
		c.args = append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, c.args...)
	case 6:
		c.args = append([]any{pgx.QueryExecModeExec}, c.args...)
	case 7:
		c.args[0] = -id // no row
	}
	if r.Name == "quotient" && rng.IntN(2) == 0 {
		c.args = []any{id / 10 * 10}
	}
	if dice := rng.IntN(16); dice < 3 {
		c.end = ending(1 + dice)
	}
	return c
}

// ways is how many ways to read there are.
const ways = 5

// outcome reads, and returns all that its caller sees: columns, values and the tag, or the
// error.
func (c *call) outcome(ctx context.Context, from querier) (all string, err error) {
	defer func() {
		if v := recover(); v != nil {
			all, err = fmt.Sprintf("panic: %v", v), nil
		} else if err != nil {
			all = fmt.Sprintf("error %s %v", pgerr.Code(err), err)
		}
	}()
	if c.way == 0 {
		var id int64
		var text any
		err := from.QueryRow(ctx, c.sql, c.args...).Scan(&id, &text)
		return fmt.Sprint(id, text), err
	}
	rows, err := from.Query(ctx, c.sql, c.args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for _, f := range rows.FieldDescriptions() {
		all += fmt.Sprintf("%s %d %d; ", f.Name, f.DataTypeOID, f.Format)
	}
	switch c.way {
	case 1:
		rows.Close()
		return all, rows.Err()
	case 2:
		values, err := pgx.CollectOneRow(rows, pgx.RowToMap)
		return fmt.Sprint(all, values), err
	}
	for rows.Next() {
		values, err := any(nil), error(nil)
		if c.way == 3 {
			values = fmt.Sprintf("%q", rows.RawValues())
		} else if values, err = rows.Values(); err != nil {
			return "", err
		}
		all += fmt.Sprint(values)
	}
	return fmt.Sprint(all, rows.CommandTag()), rows.Err()
}

// stage is a DB whose connections a script holds until its reads wait.
type stage struct {
	*testing.T
	db    *db.DB
	conns int
	bare  querier
	seed  uint64
}

// answer is what a caller got.
type answer struct {
	all string
	err error
}

// play has the calls wait together, and compares how they end with a bare pool.
func (s *stage) play(number int, calls []*call) {
	free := s.hold()
	answers, leave := make([]chan answer, len(calls)), make([]context.CancelFunc, len(calls))
	for i, c := range calls {
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		answers[i], leave[i] = make(chan answer, 1), cancel
		if c.end == leftBefore {
			cancel()
		}
		go func() {
			all, err := c.outcome(ctx, s.db)
			answers[i] <- answer{all, err}
		}()
		s.until(number, calls, func() bool { return s.db.Health().Pool.Waiting == unanswered(answers[:i+1]) })
	}
	for i, c := range calls {
		if c.end == leavesQueue {
			leave[i]()
		}
	}
	got := make([]*answer, len(calls))
	take := func(i int) {
		s.until(number, calls, func() bool {
			select {
			case a := <-answers[i]:
				got[i] = &a
			default:
			}
			return got[i] != nil
		})
	}
	for i, c := range calls {
		if c.end == leftBefore || c.end == leavesQueue {
			take(i)
		}
	}
	free()
	for i, c := range calls {
		if c.end == leavesLate {
			leave[i]()
		}
	}
	for i, c := range calls {
		if got[i] == nil {
			take(i)
		}
		s.compare(number, calls, c, got[i])
	}
}

// unanswered returns how many calls have no answer.
func unanswered(answers []chan answer) (n int) {
	for _, a := range answers {
		n += 1 - len(a)
	}
	return n
}

// hold takes all connections until free is called.
func (s *stage) hold() (free func()) {
	var held []pgx.Tx
	for range s.conns {
		tx, err := s.db.BeginTx(s.Context(), pgx.TxOptions{})
		if err != nil {
			s.Fatal(err)
		}
		held = append(held, tx)
	}
	return func() {
		for _, tx := range held {
			if err := tx.Rollback(s.Context()); err != nil {
				s.Error(err)
			}
		}
	}
}

// until waits until yes, and ends the process with all stacks if that does not come.
func (s *stage) until(number int, calls []*call, yes func() bool) {
	tick, late := time.NewTicker(100*time.Microsecond), time.After(standstill)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-late:
			crash(fmt.Sprintf("%s stands still: %v", s.title(number, calls), s.db.Health()))
		}
	}
}

func (s *stage) title(number int, calls []*call) string {
	return fmt.Sprintf("seed %d, %s, script %d of %v", s.seed, s.Name(), number, calls)
}

// compare compares how a call ended with a bare pool.
func (s *stage) compare(number int, calls []*call, c *call, got *answer) {
	left := errors.Is(got.err, context.Canceled)
	if left && c.end != stays {
		return
	}
	want := "panic: explosive" // perhaps before it waits
	switch {
	case c.panics():
	case c.end == leftBefore || c.end == leavesQueue:
		want = "its context's error"
	default:
		want, _ = c.outcome(s.Context(), s.bare)
	}
	if got.all != want {
		s.Fatalf("%s: %v\nended as %.300s\nwant %.300s", s.title(number, calls), c, got.all, want)
	}
}

// panics reports whether one of the arguments does. A bare pool would lose its connection.
func (c *call) panics() bool {
	for _, a := range c.args {
		if _, yes := a.(explosive); yes {
			return true
		}
	}
	return false
}

// A read that waits with others ends as it does on a bare pool: with its row or none, with
// NULLs, with an error of its own, or with its caller's.
func TestReadsThatWaitTogetherEndAsOnABarePool(t *testing.T) {
	t.Parallel()
	scripts, seed := size(t, "SCRIPTS", 200), uint64(size(t, "SEED", 1))
	pg := pgtest.New(t)
	if _, err := pg.Conn().Exec(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	bare := pg.Pool()
	for _, cfg := range []db.Config{{MaxConns: 1}, {MaxConns: 1, ShareReads: 3}, {MaxConns: 2}, {MaxConns: 2, ShareReads: 2}, {MaxConns: 1, ShareReads: 1}} {
		t.Run(fmt.Sprintf("%d connections, %d share", cfg.MaxConns, cfg.ShareReads), func(t *testing.T) {
			s := &stage{T: t, conns: cfg.MaxConns, bare: bare, seed: seed}
			cfg.DSN, cfg.Statements, cfg.AcquireTimeout = pg.DSN(), registry(), acquireTimeout
			var err error
			if s.db, err = db.Open(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.db.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			rng, reads := rand.New(rand.NewPCG(seed, uint64(cfg.MaxConns<<8+cfg.ShareReads))), 0
			for number := range scripts {
				calls := make([]*call, 1+rng.IntN(12))
				for i := range calls {
					calls[i] = randomCall(rng)
				}
				s.play(number, calls)
				reads += len(calls)
			}
			pool := s.db.Health().Pool
			t.Logf("seed %d: %d scripts of %d reads, %d of them in %d batches, each ended as on a bare pool", seed, scripts, reads, pool.SharedReads, pool.SharedBatches)
			if few := pool.SharedReads < shareOf(int64(reads)); few != (cfg.ShareReads == 1) {
				t.Errorf("%d of %d reads shared", pool.SharedReads, reads)
			}
		})
	}
}
