package db

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// moving is a network whose connections lead to another server once it has moved.
type moving struct {
	mu sync.Mutex
	to string // guarded by mu; empty: the address that is asked for
}

func (n *moving) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return new(net.Dialer).DialContext(ctx, network, cmp.Or(n.to, address))
}

// move leads to another server, and ends the sessions that there are.
func (n *moving) move(t *testing.T, from *pgx.Conn, to string) {
	t.Helper()
	n.mu.Lock()
	n.to = to
	n.mu.Unlock()
	execute(t, from, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
}

func TestADatabaseThatIsReplacedMeanwhileIsClaimedAnew(t *testing.T) {
	t.Parallel()
	servers := []*pgtest.Server{pgtest.NewServer(t), pgtest.NewServer(t)}
	var conns []*pgx.Conn
	for i, s := range servers {
		conn, err := pgx.Connect(t.Context(), s.DSN())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		execute(t, conn, "CREATE TABLE t (n int)", fmt.Sprintf("INSERT INTO t VALUES (%d)", i+1))
		conns = append(conns, conn)
	}
	h, ctx := newHandles(t), t.Context()
	cfg := h.config(servers[0].DSN(), "app")
	cfg.HealthInterval, cfg.HealthTimeout = 200*time.Millisecond, 200*time.Millisecond
	network := &moving{}
	d := startOn(t, cfg, hooks{dial: network.dial})
	h.wants(ctx, "before", d, 1)
	network.move(t, conns[0], servers[1].Addr())
	var started time.Time
	if err := conns[1].QueryRow(ctx, "SELECT pg_postmaster_start_time()").Scan(&started); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a probe of the other server", func() bool {
		d.monitor.mu.Lock()
		defer d.monitor.mu.Unlock()
		return d.monitor.server.Started.Equal(started)
	})
	h.is(d, "")
	h.hits("of the other server", 1, func() { h.wants(ctx, "of the other server", d, 2) })
	if log := strings.Join(h.log.all(), ""); strings.Contains(log, "not cached") {
		t.Errorf("log: %s", log)
	}

	other := h.open(servers[1].DSN(), "other") // which stays there
	h.wants(ctx, "the other handle", other, 2)
	network.move(t, conns[1], servers[0].Addr())
	eventually(t, "the first server is there again", func() bool {
		_, why := d.CachedBy(ctx, h.cache)
		return why == "not fenced"
	})
	h.logs("level=ERROR", "close it and open it again")
	h.wants(ctx, "of the first server", d, 1)
	h.hits("of a handle that stays", 0, func() { h.wants(ctx, "a handle that stays", other, 2) })
	first := h.open(servers[0].DSN(), "first")
	h.write(ctx, d, 5)
	h.wants(ctx, "after a write by the one that moved", first, 5)
}
