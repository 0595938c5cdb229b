package db

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// start opens a DB and closes it at the end of the test, when no connection may be in
// use.
func start(t *testing.T, cfg Config) *DB {
	t.Helper()
	return startOn(t, cfg, hooks{})
}

// startOn is start on another network.
func startOn(t *testing.T, cfg Config, h hooks) *DB {
	t.Helper()
	d, err := open(t.Context(), cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := d.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return d
}

// execute runs statements past the DB under test.
func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// number runs a query past the DB under test.
func number(t *testing.T, conn *pgx.Conn, sql string, args ...any) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// eventually waits until yes, and fails the test if it does not come.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never came: %s", what)
		}
	}
}

// receive waits for a value.
func receive[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("never came: %s", what)
		panic("unreachable")
	}
}

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text []string // guarded by mu
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(p))
	return len(p), nil
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.text...)
}

func logTo(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// lent is n connections in use.
func lent(t *testing.T, d *DB, n int) (held []*lease) {
	t.Helper()
	for range n {
		l, err := d.acquire(t.Context(), use{})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
	}
	return held
}

// fill opens n connections and leaves them idle.
func fill(t *testing.T, d *DB, n int) {
	t.Helper()
	for _, l := range lent(t, d, n) {
		l.done(nil)
	}
}

// readOnly knows statements that change nothing.
func readOnly(statements ...string) *stmt.Registry {
	var list []*stmt.Registry
	for _, sql := range statements {
		list = append(list, stmt.Declare(sql, stmt.Effects{ReadOnly: true}))
	}
	return stmt.Join(list...)
}

// age makes the idle connections look as if they had been idle for an hour.
func age(t *testing.T, d *DB) {
	t.Helper()
	lastUsed(t, d, time.Now().Add(-time.Hour))
}

func lastUsed(t *testing.T, d *DB, at time.Time) {
	t.Helper()
	d.unpark()
	for _, c := range d.pool.AcquireAllIdle(t.Context()) {
		infoOf(c.Conn()).lastUsed = at
		c.Release()
	}
}

// dying is a network whose next connection to send something other than a ping
// ends at that moment, once it is armed.
type dying struct{ armed atomic.Bool }

func (n *dying) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return &mortal{Conn: conn, of: n}, err
}

// mortal hides its socket, so that a look at it tells nothing.
type mortal struct {
	net.Conn
	of   *dying
	dead atomic.Bool
}

func (c *mortal) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("-- ping")) && c.of.armed.CompareAndSwap(true, false) {
		c.dead.Store(true)
		_ = c.Conn.(interface{ CloseRead() error }).CloseRead()
	}
	return c.Conn.Write(p)
}

// Read gives nothing of a dead connection. Linux would still give what arrived after
// CloseRead and before Read.
func (c *mortal) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.dead.Load() {
		return 0, io.EOF
	}
	return n, err
}
