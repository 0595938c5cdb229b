package txn

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
)

// counted is a way to a server that counts what its clients send: each waits for the
// answer before it sends more, so that a read is a flush.
type counted struct{ flushes atomic.Int64 }

// open returns the DSN of the way to the server that dsn names.
func (c *counted) open(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	server := u.Host
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(client, server)
		}
	}()
	u.Host = l.Addr().String()
	return u.String()
}

func (c *counted) serve(client net.Conn, address string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		c.flushes.Add(1)
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// both ways of a Runner to its database, and the flushes on them.
func (c *counted) runners(t *testing.T, l *lab) map[string]*Runner {
	t.Helper()
	dsn := c.open(t, l.db.DSN())
	d, err := db.Open(bounded(t), db.Config{DSN: dsn, MaxConns: 1, HealthInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(bounded(t)) })
	pool := openPool(t, dsn, one, func(cfg *pgxpool.Config) {
		cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	})
	return map[string]*Runner{"pool": newRunner(t, pool, Config{}), "db": newRunner(t, d, Config{})}
}

// costs are what the documentation names, beyond BEGIN, n statements and COMMIT.
var costs = map[string]struct {
	op       func(n int) Op
	pool, db int
}{
	"plain":     {func(int) Op { return Op{Name: "x"} }, 0, 0},
	"isolation": {func(int) Op { return Op{Name: "x", Iso: pgx.Serializable} }, 0, 0},
	"settings": {func(int) Op {
		return Op{Name: "x", Settings: map[string]string{"app.tenant": "1"}, LockTimeout: time.Minute, StatementTimeout: time.Minute}
	}, 0, 0},
	"Resolve":    {func(int) Op { return Op{Name: "x", Commit: Resolve} }, 1, 1},
	"Idempotent": {func(n int) Op { return Op{Name: "x", Commit: Idempotent, Key: fmt.Sprint(n)} }, 0, 0},
}

func TestFlushesAreThoseThatTheDocumentationNames(t *testing.T) {
	t.Parallel()
	for name, cost := range costs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, c := setup(t), &counted{}
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			for kind, r := range c.runners(t, l) {
				const statements = 3
				run := func(n int) int {
					before := c.flushes.Load()
					err := Run(bounded(t), r, cost.op(n), func(ctx context.Context, tx *Tx) error {
						for range statements {
							if err := tx.QueryRow(ctx, `SELECT n FROM items WHERE id = $1`, 1).Scan(nil); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
					return int(c.flushes.Load() - before)
				}
				first := map[string]int{"pool": 100, "db": 200}[kind]
				run(first)
				run(first + 1) // the statement is prepared, the table of markers made
				least := run(first + 2)
				for n := range 4 { // of which a slow machine may let some be pinged
					least = min(least, run(first+3+n))
				}
				want := statements + 2 + map[string]int{"pool": cost.pool, "db": cost.db}[kind]
				if least != want {
					t.Errorf("over %s: %d flushes, want %d", kind, least, want)
				}
			}
		})
	}
}

// Not parallel: the count is of the whole process. It is a bound and not a number,
// which differs between versions of pgx.
func TestAllocationsAreAtMostThoseThatTheDocumentationNames(t *testing.T) {
	l, c := setup(t), &counted{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	base := testing.AllocsPerRun(100, func() {
		_ = pgx.BeginFunc(ctx, l.pool, func(pgx.Tx) error { return nil })
	})
	most := map[string]map[string]float64{
		"pool": {"plain": 8, "isolation": 8, "settings": 50, "Resolve": 20, "Idempotent": 30},
		"db":   {"plain": 8, "isolation": 8, "settings": 50, "Resolve": 20, "Idempotent": 30},
	}
	for kind, r := range c.runners(t, l) {
		for name, bound := range most[kind] {
			n := 0
			ours := testing.AllocsPerRun(100, func() {
				n++
				op := costs[name].op(n)
				if op.Key != "" {
					op.Key = kind + op.Key
				}
				if err := Run(ctx, r, op, nothing); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("over %s, %s: %v more than BeginFunc", kind, name, ours-base)
			if ours-base > bound {
				t.Errorf("over %s, %s: %v allocations, BeginFunc has %v", kind, name, ours, base)
			}
		}
	}
}
