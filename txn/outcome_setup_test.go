package txn

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// bomb is a tracer that panics at a statement, once.
type bomb struct {
	at    string // a part of the statement
	atEnd bool
	armed atomic.Bool
}

type bombKey struct{}

func (b *bomb) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	hit := strings.Contains(d.SQL, b.at)
	if hit && !b.atEnd && b.armed.CompareAndSwap(true, false) {
		panic("tracer at " + b.at)
	}
	return context.WithValue(ctx, bombKey{}, hit)
}

func (b *bomb) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if hit, _ := ctx.Value(bombKey{}).(bool); hit && b.atEnd && b.armed.CompareAndSwap(true, false) {
		panic("tracer after " + b.at)
	}
}

func (b *bomb) attach(cfg *pgxpool.Config) { cfg.ConnConfig.Tracer = b }

func (b *bomb) arm() { b.armed.Store(true) }

// recovered runs fn and returns its panic or error.
func recovered(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}

func (l *lab) tracedConn(b *bomb) *pgx.Conn {
	cfg := l.pool.Config().ConnConfig.Copy()
	cfg.Tracer = b
	conn, err := pgx.ConnectConfig(bounded(l.t), cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

type hook struct{ fn func(string) }

func (h hook) Enabled(context.Context, slog.Level) bool { return true }

func (h hook) Handle(_ context.Context, r slog.Record) error { h.fn(r.Message); return nil }

func (h hook) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h hook) WithGroup(string) slog.Handler { return h }

func hooked(fn func(string)) *slog.Logger { return slog.New(hook{fn}) }

// slowPoke hangs the network after the first probe of nameSetting that the server took.
type slowPoke struct{ proxy *pgtest.Proxy }

func (slowPoke) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, bombKey{}, strings.Contains(d.SQL, "begin") && !strings.Contains(d.SQL, "work_mem"))
}

func (s slowPoke) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if hit, _ := ctx.Value(bombKey{}).(bool); hit {
		s.proxy.HangExisting()
	}
}

// half is a connection of which the client's side is lost at an UPDATE; the server does
// not notice.
type half struct {
	net.Conn
	lose *atomic.Bool
	lost bool
}

func (c *half) Write(p []byte) (int, error) {
	if c.lost {
		return len(p), nil
	}
	if strings.Contains(string(p), "UPDATE items") && c.lose.CompareAndSwap(true, false) {
		c.lost = true
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *half) Read(p []byte) (int, error) {
	if c.lost {
		return 0, net.ErrClosed
	}
	return c.Conn.Read(p)
}

func (c *half) Close() error {
	if c.lost {
		return nil
	}
	return c.Conn.Close()
}

type wrapped struct{ Beginner }

type panicky struct {
	on string
}

func (p *panicky) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if p.on != "" && strings.HasPrefix(d.SQL, p.on) {
		panic(errBoom)
	}
	return ctx
}

func (*panicky) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func traced(p *panicky) func(*pgxpool.Config) {
	return func(cfg *pgxpool.Config) { cfg.ConnConfig.Tracer = p }
}

// within runs fn and returns false when it does not end.
func within(d time.Duration, fn func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		fn()
	}()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

var _ pgconn.CommandTag
