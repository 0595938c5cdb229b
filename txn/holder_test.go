package txn

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// A pool that is empty, or does not close, names the unit that holds a connection and
// where the program asked for it, not where this library did.

// holds opens a database of one connection, has a unit hold it, and calls while
// meanwhile.
func holds(t *testing.T, cfg db.Config, op Op, while func(d *db.DB)) {
	t.Helper()
	cfg.DSN, cfg.MaxConns, cfg.AcquireTimeout = pgtest.New(t).DSN(), 1, 50*time.Millisecond
	cfg.ConnectTimeout, cfg.PingTimeout = cfg.AcquireTimeout, cfg.AcquireTimeout
	d, err := db.Open(bounded(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(bounded(t)) })
	r := newRunner(t, d, Config{})
	if _, err := transferMoney(bounded(t), r, op, func() { while(d) }); err != nil {
		t.Error(err)
	}
}

// transferMoney is a program's function.
func transferMoney(ctx context.Context, r *Runner, op Op, while func()) (int, error) {
	return Do(ctx, r, op, func(context.Context, *Tx) (int, error) { while(); return 1, nil })
}

// wantHolder checks what is said of the unit, in text and in parts.
func wantHolder(t *testing.T, what, text string, b *db.Lease) {
	t.Helper()
	if b == nil || b.Op != "transfer" || len(b.Stack) == 0 || !strings.Contains(b.Stack[0], "txn.transferMoney (holder_test.go:") {
		t.Fatalf("%s: %+v", what, b)
	}
	for _, frame := range b.Stack {
		if strings.Contains(frame, "sqlkeel/") && !strings.Contains(frame, "_test.go:") {
			t.Errorf("%s: the library's own frame %s", what, frame)
		}
	}
	if !strings.Contains(text, "by the unit transfer from") || !strings.Contains(text, "txn.transferMoney (holder_test.go:") {
		t.Errorf("%s: %s", what, text)
	}
}

func TestAnEmptyPoolNamesTheUnitAndItsCaller(t *testing.T) {
	t.Parallel()
	for name, op := range map[string]Op{
		"plain":      {Name: "transfer"},
		"settings":   {Name: "transfer", Iso: pgx.Serializable, LockTimeout: time.Second},
		"Resolve":    {Name: "transfer", Commit: Resolve},
		"Idempotent": {Name: "transfer", Commit: Idempotent, Key: "k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holds(t, db.Config{}, op, func(d *db.DB) {
				_, err := d.Exec(context.Background(), `SELECT 1`)
				var timeout *db.AcquireTimeoutError
				if !errors.As(err, &timeout) {
					t.Fatal(err)
				}
				wantHolder(t, "Exec", err.Error(), timeout.Oldest)
				err = Run(context.Background(), newRunner(t, d, Config{}), Op{Name: "second"}, nothing)
				if !errors.As(err, &timeout) || !strings.Contains(err.Error(), "second") {
					t.Fatal(err)
				}
				wantHolder(t, "Run", err.Error(), timeout.Oldest)
			})
		})
	}
}

func TestReportAndCloseNameTheUnitAndItsCaller(t *testing.T) {
	t.Parallel()
	holds(t, db.Config{}, Op{Name: "transfer"}, func(d *db.DB) {
		b := d.Health().Oldest
		wantHolder(t, "Health", d.Health().String(), b)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.Close(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Close: %v", err)
		} else {
			wantHolder(t, "Close", err.Error(), b)
		}
	})
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestTheWarningOfALongHoldNamesTheUnitAndItsCaller(t *testing.T) {
	t.Parallel()
	var out lockedBuffer
	cfg := db.Config{HoldWarning: time.Millisecond, Logger: slog.New(slog.NewTextHandler(&out, nil))}
	holds(t, cfg, Op{Name: "transfer"}, func(*db.DB) {
		for end := time.Now().Add(30 * time.Second); !strings.Contains(out.String(), "held for long"); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("there is no warning")
			}
		}
	})
	if s := out.String(); !strings.Contains(s, "op=transfer") || !strings.Contains(s, "txn.transferMoney (holder_test.go:") || strings.Contains(s, "(do.go:") {
		t.Error(s)
	}
}
