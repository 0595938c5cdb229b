package db

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// refusing is a network on which nothing listens. It counts the dials.
type refusing struct{ dials atomic.Int64 }

func (r *refusing) dial(context.Context, string, string) (net.Conn, error) {
	r.dials.Add(1)
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// answering is a server that answers every start-up with one error.
type answering struct {
	code  string
	dials atomic.Int64
}

func (a *answering) dial(context.Context, string, string) (net.Conn, error) {
	a.dials.Add(1)
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		back := pgproto3.NewBackend(server, server)
		if _, err := back.ReceiveStartupMessage(); err != nil {
			return
		}
		back.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: a.code, Message: "no"})
		if back.Flush() == nil {
			_, _ = io.Copy(io.Discard, server)
		}
	}()
	return client, nil
}

func TestOpenGivesUpAfterItsAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network, start := &refusing{}, time.Now()
		log := &lines{}
		_, err := open(t.Context(), Config{
			DSN: someDSN, ConnectAttempts: 4, ConnectBackoffBase: time.Second, ConnectBackoffMax: 2 * time.Second,
			Logger: logTo(log, slog.LevelInfo),
		}, hooks{dial: network.dial})
		var failed *openError
		if !errors.As(err, &failed) || failed.Attempts != 4 || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("error %v", err)
		}
		if n := network.dials.Load(); n != 4 {
			t.Errorf("%d dials", n)
		}
		if took := time.Since(start); took > 5*time.Second { // ceilings of 1, 2 and 2 s
			t.Errorf("took %v", took)
		}
		for _, want := range []string{`open "shop"`, "after 4 attempts", "check the host and the port"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in: %v", want, err)
			}
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the password is in: %v", err)
		}
		if n := len(log.all()); n != 3 {
			t.Errorf("%d retries logged", n)
		}
	})
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		network, start := &refusing{}, time.Now()
		_, err := open(ctx, Config{DSN: someDSN, ConnectAttempts: 1 << 20}, hooks{dial: network.dial})
		var failed *openError
		if !errors.As(err, &failed) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
		if failed != nil && int64(failed.Attempts) != network.dials.Load() {
			t.Errorf("%d attempts, %d dials", failed.Attempts, network.dials.Load())
		}
	})
}

// dialsUntilError opens against a server that answers with code, and returns
// how often it was asked.
func dialsUntilError(t *testing.T, code string) (dials int64, err error) {
	synctest.Test(t, func(t *testing.T) {
		server := &answering{code: code}
		_, err = open(t.Context(), Config{DSN: someDSN, ConnectAttempts: 3}, hooks{dial: server.dial})
		dials = server.dials.Load()
	})
	return dials, err
}

func TestWhatDoesNotHealFailsAtOnce(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"28P01": "check the user and the password", "28000": "pg_hba.conf", "3D000": "create the database",
		"42501": "grant the user CONNECT", "42704": "remove the parameter", "22023": "",
	} {
		dials, err := dialsUntilError(t, code)
		var failed *openError
		if !errors.As(err, &failed) || failed.Attempts != 1 || pgerr.Code(err) != code || !strings.Contains(failed.Remedy, want) {
			t.Errorf("%s: %v", code, err)
		}
		if dials != 1 {
			t.Errorf("%s: %d dials", code, dials)
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the password is in: %v", err)
		}
	}
}

func TestWhatHealsIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"57P03", "53300", "08006", "XX000"} {
		if dials, err := dialsUntilError(t, code); dials != 3 || pgerr.Code(err) != code {
			t.Errorf("%s: %d dials, %v", code, dials, err)
		}
	}
}

func TestAConnectThatHangsIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := open(t.Context(), Config{DSN: someDSN, ConnectAttempts: 1, ConnectTimeout: 2 * time.Second}, hooks{
			dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
		})
		if took := time.Since(start); took != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestAMissingDatabaseIsNamed(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	_, err := Open(t.Context(), Config{DSN: strings.Replace(pg.DSN(), "/pgtest_", "/missing_", 1)})
	var failed *openError
	if !errors.As(err, &failed) || failed.Attempts != 1 || pgerr.Code(err) != "3D000" || !strings.HasPrefix(failed.Target, "missing_") {
		t.Errorf("error %v", err)
	}
}

func TestOpenWaitsForAServerThatStartsLate(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	server.Stop()
	tried := make(chan struct{}, 1)
	type result struct {
		d   *DB
		err error
	}
	opened := make(chan result, 1)
	go func() {
		d, err := Open(t.Context(), Config{
			DSN: server.DSN(), ConnectAttempts: 1 << 20, ConnectBackoffMax: 50 * time.Millisecond, Logger: logTo(signal(tried), slog.LevelInfo),
		})
		opened <- result{d, err}
	}()
	receive(t, "a failed attempt", tried)
	server.Start()
	r := receive(t, "Open's return", opened)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if state := r.d.Health().State; state != Up {
		t.Errorf("the state is %v", state)
	}
	if err := r.d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// signal is a writer that tells of writes.
type signal chan struct{}

func (s signal) Write(p []byte) (int, error) {
	select {
	case s <- struct{}{}:
	default:
	}
	return len(p), nil
}
