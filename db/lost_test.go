package db

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/bouncer"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// lossy is a network on which requests to cancel are lost, and, once it is armed, the
// answers to the next thing that is sent and has the text in it.
type lossy struct {
	text  string
	armed atomic.Bool
}

func (n *lossy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return &lossyConn{Conn: conn, of: n}, err
}

type lossyConn struct {
	net.Conn
	of   *lossy
	lost atomic.Bool
}

func (c *lossyConn) Write(p []byte) (int, error) {
	switch {
	case bytes.HasPrefix(p, []byte{0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e}):
		return len(p), c.Close()
	case !bytes.Contains(p, []byte("-- ping")) && bytes.Contains(p, []byte(c.of.text)) && c.of.armed.CompareAndSwap(true, false):
		c.lost.Store(true)
	}
	return c.Conn.Write(p)
}

func (c *lossyConn) Read(p []byte) (int, error) {
	if c.lost.Load() {
		return 0, io.EOF
	}
	return c.Conn.Read(p)
}

// blocking holds a row of a that is not committed, so that others which add it wait.
func blocking(t *testing.T, pool *pgxpool.Pool) pgx.Tx {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err == nil {
		_, err = tx.Exec(t.Context(), addA, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// waits waits until a session of the pool's database waits for a lock.
func waits(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	eventually(t, "a session that waits for a lock", func() bool {
		n := 0
		err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n)
		return err == nil && n == 1
	})
}

// ask asks for lost writes on a connection of the test's own, a few times: the monitor
// may be asking already.
func ask(t *testing.T, d *DB) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), d.monitor.config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for range 20 {
		if err := d.listener.Lost.Ask(t.Context(), conn); err != nil {
			t.Error(err)
		}
	}
}

func TestAWriteThatItsCallerLeftEndsWithItsSession(t *testing.T) {
	t.Parallel()
	d, j, pool := announcingOn(t, Config{MaxConns: 1, PingTimeout: time.Millisecond}, hooks{dial: new(lossy).dial})
	other := blocking(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { _, err := d.Exec(ctx, addA, 1); failed <- err }()
	waits(t, pool)
	cancel()
	if err := receive(t, "the caller's error", failed); err == nil {
		t.Error("it has no error")
	}
	if got := j.read(); got != "before a; after a unknown" {
		t.Errorf("when the call returns: %s", got)
	}
	ask(t, d)
	waits(t, pool) // still
	if got := j.read(); got != "" {
		t.Fatalf("while the session waits: %s", got)
	}
	var rows atomic.Int64
	j.look = func(string) {
		n := 0
		if err := pool.QueryRow(t.Context(), countA).Scan(&n); err != nil {
			t.Error(err)
		}
		rows.Store(int64(n))
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := j.readTo(t, " ended"); got != "after a ended" {
		t.Errorf("when the session is gone: %s", got)
	}
	eventually(t, "the row, which was visible when the write ended", func() bool { return rows.Load() == 1 })
}

func TestALostWriteOfEachKindEnds(t *testing.T) {
	t.Parallel()
	network := &lossy{}
	d, j, _ := announcingOn(t, Config{MaxConns: 1}, hooks{dial: network.dial})
	batch := &pgx.Batch{}
	batch.Queue(addB, 2)
	for name, lose := range map[string]func(ctx context.Context) error{
		"a batch": func(ctx context.Context) error { network.armed.Store(true); return d.SendBatch(ctx, batch).Close() },
		"COPY": func(ctx context.Context) error {
			network.armed.Store(true)
			_, err := d.CopyFrom(ctx, pgx.Identifier{"b"}, []string{"n"}, pgx.CopyFromRows([][]any{{3}}))
			return err
		},
		"a transaction": func(ctx context.Context) error {
			tx, err := d.BeginTx(ctx, pgx.TxOptions{})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, addB, 4); err != nil {
				return err
			}
			network.armed.Store(true)
			return tx.Commit(ctx)
		},
		"WithConn": func(ctx context.Context) error {
			return d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
				network.armed.Store(true)
				_, err := conn.Exec(ctx, addB, 5)
				return err
			}, stmt.Effects{Writes: []string{"b"}})
		},
	} {
		fill(t, d, 1) // a connection that is dialled is not to die
		if err := lose(t.Context()); err == nil {
			t.Errorf("%s: it was not lost", name)
		}
		if got := j.readTo(t, " ended"); got != "before b; after b unknown; after b ended" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestBehindAPoolerALostWriteNeverEnds(t *testing.T) {
	t.Parallel()
	d, j, _ := announcingOn(t, Config{MaxConns: 1}, hooks{dial: bouncer.Dial})
	if _, err := d.Exec(t.Context(), loseA); err == nil {
		t.Fatal("the connection was not lost")
	}
	ask(t, d)
	eventually(t, "the answer that proves nothing", func() bool { return !d.listener.Lost.Any() })
	if err := d.Close(t.Context()); err != nil { // which waits for the monitor
		t.Error(err)
	}
	if got := j.read(); got != "before a; after a unknown" {
		t.Errorf("calls: %s", got)
	}
}

func TestATransactionThatWasEndedWithUnreadRowsHasAnOutcome(t *testing.T) {
	t.Parallel()
	d, j, _ := announcing(t, Config{MaxConns: 1})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Query(t.Context(), "WITH w AS (INSERT INTO b VALUES (1) RETURNING n) SELECT n FROM w; COMMIT", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	_ = tx.Rollback(t.Context()) // the rows are not read
	if got := j.readTo(t, " ended"); got != "before anything; after anything unknown; after anything ended" {
		t.Errorf("calls: %s", got)
	}
}
