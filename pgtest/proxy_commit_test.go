package pgtest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// wire is a database with the table items behind a proxy.
type wire struct {
	t     *testing.T
	db    *DB
	proxy *Proxy
	admin *pgx.Conn // goes past the proxy
	met   atomic.Int32
}

func newWire(t *testing.T) *wire {
	t.Helper()
	db := New(t)
	addr, err := address(db.DSN())
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, db: db, proxy: NewProxy(t, addr), admin: db.Conn()}
	w.exec(w.admin, "CREATE TABLE items (id int PRIMARY KEY)")
	return w
}

// dial returns a connection through the proxy, closed at the end of the test.
func (w *wire) dial() *pgx.Conn {
	w.t.Helper()
	conn := connect(w.t, w.proxy.DSN(w.db.DSN()))
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func (w *wire) exec(conn *pgx.Conn, sql string, args ...any) {
	w.t.Helper()
	if _, err := conn.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// insert begins a transaction that adds one row and is ready to be committed.
func (w *wire) insert(conn *pgx.Conn, id int) pgx.Tx {
	w.t.Helper()
	tx, err := conn.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(conn, "INSERT INTO items VALUES ($1)", id)
	return tx
}

// next lets the next COMMIT meet its fate, and those after it be delivered.
func (w *wire) next(fate CommitFate) {
	var once atomic.Bool
	w.proxy.OnCommit(func() CommitFate {
		w.met.Add(1)
		if once.Swap(true) {
			return CommitDelivered
		}
		return fate
	})
}

// becomes waits until a query for one number gives want.
func (w *wire) becomes(want int, sql string, args ...any) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), bound)
	defer cancel()
	got := -1
	err := until(ctx, func() (bool, error) {
		err := w.admin.QueryRow(ctx, sql, args...).Scan(&got)
		return got == want, err
	})
	if err != nil {
		w.t.Fatalf("%s: it stays %d, want %d: %v", sql, got, want, err)
	}
}

func (w *wire) applied(rows int) {
	w.t.Helper()
	w.becomes(rows, "SELECT count(*) FROM items")
}

// gone waits for the end of a session.
func (w *wire) gone(pid uint32) {
	w.t.Helper()
	w.becomes(0, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid)
}

// reset says that the client lost its connection without a word.
func reset(err error) bool {
	var pg *pgconn.PgError
	return err != nil && !errors.As(err, &pg) && !errors.Is(err, context.Canceled)
}

func code(severity, want string) func(error) bool {
	return func(err error) bool {
		var pg *pgconn.PgError
		return errors.As(err, &pg) && pg.Code == want && pg.SeverityUnlocalized == severity
	}
}

func TestACommitMeetsItsFate(t *testing.T) {
	t.Parallel()
	for fate, c := range map[CommitFate]struct {
		sees    func(error) bool
		open    bool // the connection goes on
		applied int
	}{
		CommitDelivered:    {func(err error) bool { return err == nil }, true, 1},
		CommitCutBefore:    {reset, false, 0},
		CommitCutAfter:     {reset, false, 1},
		CommitCutDuring:    {reset, false, 1},
		CommitTorn:         {reset, false, 0},
		CommitFatalBefore:  {code("FATAL", "57P01"), false, 0},
		CommitFatalAfter:   {code("FATAL", "57P01"), false, 1},
		CommitUnknown40003: {code("ERROR", "40003"), true, 1},
		CommitUnknown08007: {code("ERROR", "08007"), true, 1},
	} {
		t.Run(fate.String(), func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			w.proxy.BlockCancelRequests(true) // else one might stop what was cut during
			conn, other := w.dial(), w.dial()
			w.next(fate)
			tx := w.insert(conn, 1)
			if err := tx.Commit(t.Context()); !c.sees(err) || conn.IsClosed() == c.open {
				t.Errorf("the client sees %v, closed: %t", err, conn.IsClosed())
			}
			if c.open {
				w.exec(conn, "SELECT 1")
				w.applied(c.applied)
				_ = conn.Close(t.Context())
			}
			w.gone(conn.PgConn().PID())
			w.applied(c.applied)
			awaitLive(t, w.proxy, 1)
			w.orphans(0)
			if err := w.insert(other, 2).Commit(t.Context()); err != nil {
				t.Errorf("another connection: %v", err)
			}
			w.applied(c.applied + 1)
			if w.met.Load() != 2 {
				t.Errorf("%d COMMITs were met, want 2", w.met.Load())
			}
		})
	}
}

func TestCommitsAreDeliveredAgainWithoutOnCommit(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.next(CommitCutBefore)
	w.proxy.OnCommit(nil)
	if err := w.insert(conn, 1).Commit(t.Context()); err != nil || w.met.Load() != 0 {
		t.Errorf("got %v, and %d COMMITs were met", err, w.met.Load())
	}
	w.applied(1)
}

func TestWhatOnlySpeaksOfCommitIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.proxy.OnCommit(func() CommitFate { w.met.Add(1); return CommitCutBefore })
	w.insert(conn, 1)
	w.exec(conn, "SELECT 'commit'", pgx.QueryExecModeSimpleProtocol)
	w.exec(conn, "-- commit")
	if _, err := conn.PgConn().ExecParams(t.Context(), "commit", nil, nil, nil, nil).Close(); err != nil {
		t.Error(err) // it is sent by Parse, Bind and Execute
	}
	w.insert(conn, 2)
	w.exec(conn, "SELECT 1; commit", pgx.QueryExecModeSimpleProtocol)
	w.applied(2)
	if w.met.Load() != 0 {
		t.Errorf("%d COMMITs were met, want none", w.met.Load())
	}
}

func TestAnUnknownAnswerHidesAFailureToo(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.exec(w.admin, "CREATE TABLE sole (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
	conn := w.dial()
	w.next(CommitUnknown40003)
	tx := w.insert(conn, 1)
	w.exec(conn, "INSERT INTO sole VALUES (1), (1)")
	if err := tx.Commit(t.Context()); !code("ERROR", "40003")(err) || conn.PgConn().TxStatus() != 'I' {
		t.Errorf("the client sees %v, and is in state %c", err, conn.PgConn().TxStatus())
	}
	w.applied(0)
	if err := w.insert(conn, 1).Commit(t.Context()); err != nil {
		t.Errorf("the next COMMIT: %v", err)
	}
}

func TestAnUnknownFateIsAnErrorOfTheTest(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	fake := newFakeT("TestWithAFateThatIsNone")
	fake.run(func() {
		w.proxy = NewProxy(fake, w.proxy.target)
		w.next(CommitFate(200))
		if err := w.insert(w.dial(), 1).Commit(t.Context()); err != nil {
			t.Errorf("it is delivered all the same, got %v", err)
		}
	})
	if err := fake.said("there is no CommitFate(200)"); err != nil || !fake.Failed() {
		t.Errorf("failed %t, %v", fake.Failed(), err)
	}
}

func TestOnCommitOverAConnectionItCannotReadIsAnErrorOfTheTest(t *testing.T) {
	t.Parallel()
	fake := newFakeT("TestOverTLS")
	fake.run(func() {
		p := NewProxy(fake, echo(t))
		p.OnCommit(func() CommitFate { return CommitCutBefore })
		c := dial(t, p.Addr())
		c.say(string(packet(codeSSL, "")) + "\x16\x03\x01 hello")
		c.hears(string(packet(codeSSL, "")) + "\x16\x03\x01 hello")
		c.say("it goes on")
		c.hears("it goes on")
	})
	if err := fake.said("sslmode=disable"); err != nil || len(fake.messages) != 1 {
		t.Errorf("%v; %d messages, want one", err, len(fake.messages))
	}
}

// hijack gives the bare connection of conn, to say several things at once.
func (w *wire) hijack(conn *pgx.Conn) *pgconn.HijackedConn {
	w.t.Helper()
	bare, err := conn.PgConn().Hijack()
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = bare.Conn.Close() })
	if err := bare.Conn.SetDeadline(time.Now().Add(bound)); err != nil {
		w.t.Fatal(err)
	}
	return bare
}

func (w *wire) write(bare *pgconn.HijackedConn, messages ...[]byte) {
	w.t.Helper()
	if _, err := bare.Conn.Write(slices.Concat(messages...)); err != nil {
		w.t.Fatal(err)
	}
}

// hear returns what comes until want ReadyForQuery have, or the connection ends:
// a letter for each message, errors with their code.
func hear(bare *pgconn.HijackedConn, want int) (letters string, err error) {
	for want > 0 {
		m, err := bare.Frontend.Receive()
		if err != nil {
			return letters, err
		}
		switch m := m.(type) {
		case *pgproto3.CommandComplete:
			letters += "C"
		case *pgproto3.ErrorResponse:
			letters += m.Code
		case *pgproto3.DataRow:
			letters += "D"
		case *pgproto3.ReadyForQuery:
			letters += "Z" + string(m.TxStatus) + " "
			want--
		}
	}
	return letters, nil
}

func TestACommitAmongOtherMessagesMeetsItsFate(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.next(CommitUnknown08007)
	bare := w.hijack(w.dial())
	w.write(bare, simple("BEGIN"), simple("INSERT INTO items VALUES (1)"), simple("COMMIT"), simple("SELECT 1"))
	if got, err := hear(bare, 4); got != "CZT CZT 08007ZI DCZI " || err != nil {
		t.Errorf("heard %q, %v", got, err)
	}
	w.applied(1)

	// The earlier answers come before the end, and all before COMMIT is executed.
	w.next(CommitCutAfter)
	w.write(bare, simple("BEGIN"), simple("INSERT INTO items VALUES (2)"), simple("COMMIT"), simple("INSERT INTO items VALUES (3)"))
	if got, err := hear(bare, 4); !strings.HasPrefix("CZT CZT ", got) || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("heard %q, %v", got, err)
	}
	w.gone(bare.PID)
	w.applied(2)
}

func TestACommitThatComesInBytesMeetsItsFate(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.next(CommitFatalAfter)
	bare := w.hijack(w.dial())
	for _, b := range slices.Concat(simple("BEGIN"), simple("INSERT INTO items VALUES (1)"), simple("commit")) {
		w.write(bare, []byte{b})
	}
	if got, err := hear(bare, 3); got != "CZT CZT 57P01" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("heard %q, %v", got, err)
	}
	w.applied(1)
	w.gone(bare.PID)
}
