package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// recoveryBound is how long the first success may take once the server accepts
// connections again.
const recoveryBound = 3 * time.Second

// underLoad is how many reads succeed before the server is lost, and again
// afterwards.
const underLoad = 200

// serverLost takes the server away from readers and brings it back.
func serverLost(ctx context.Context, s *stage) (string, error) {
	w := &watch{}
	stop := s.readAllTheTime(ctx, w)
	defer stop()
	if err := w.await(ctx, underLoad); err != nil {
		return "", fmt.Errorf("before: %w", err)
	}
	takeAway := s.endSessions
	if s.opts.Server.Owned() {
		takeAway = s.restart
	}
	how, err := takeAway(ctx)
	if err != nil {
		return "", err
	}
	back := time.Now() // the server accepts connections
	if err := w.await(ctx, 1); err != nil {
		return "", fmt.Errorf("afterwards: %w", err)
	}
	recovered := time.Since(back)
	if err := w.await(ctx, underLoad); err != nil {
		return "", fmt.Errorf("afterwards: %w", err)
	}
	stop()
	ok, failed := w.counts()
	s.line("%d reads succeeded, %d failed, before, during and after", ok, failed)
	if recovered > s.bound {
		return "", fmt.Errorf("%s, and the first read succeeded %v afterwards, more than %v", how, brief(recovered), s.bound)
	}
	return fmt.Sprintf("%s, first success %v afterwards", how, brief(recovered)), nil
}

// restart stops a server of ours as a crash would, shows what the monitor says
// then, and starts it again. It returns when the server accepts connections.
// An interrupt shortens the time in between, but a server that was stopped is
// started, because the database must be dropped.
func (s *stage) restart(ctx context.Context) (how string, err error) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	lost := time.Now()
	if err := s.opts.Server.Halt(detached, pgserver.Immediate); err != nil {
		return "", errors.Join(err, s.opts.Server.Start(detached))
	}
	report, err := s.awaitHealth(ctx, db.Down)
	if err == nil {
		s.line("the server is stopped; %v after that the monitor says:", brief(time.Since(lost)))
		s.showReport(report)
	}
	if err := errors.Join(err, s.opts.Server.Start(detached)); err != nil {
		return "", err
	}
	return fmt.Sprintf("server stopped at once and started again, away for %v", brief(time.Since(lost))), nil
}

// endSessions ends every session of the demonstration's database, on a server
// that is not ours to stop.
func (s *stage) endSessions(ctx context.Context) (how string, err error) {
	conn, err := pgx.Connect(ctx, s.opts.Server.DSN())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var ended int
	err = conn.QueryRow(ctx, "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1",
		s.database).Scan(&ended)
	if err != nil {
		return "", err
	}
	s.line("the server was not started here, so it is not stopped: our own %d sessions were ended instead", ended)
	if ended == 0 {
		return "", errors.New("there was no session to end")
	}
	return fmt.Sprintf("not our server: ended our own %d sessions instead", ended), nil
}

// readAllTheTime keeps a few readers busy until stop is called.
func (s *stage) readAllTheTime(ctx context.Context, w *watch) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for reader := range 8 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_, err := s.repo.Book(ctx, int64((reader+i)%50+1))
				w.note(err)
				if err != nil {
					_ = backoff.Wait(ctx, 5*time.Millisecond) // ctx is looked at next
				}
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}

// watch counts reads and lets one caller wait for successes.
type watch struct {
	mu         sync.Mutex
	ok, failed int           // guarded by mu
	enough     int           // guarded by mu; reached is closed when ok gets there
	reached    chan struct{} // guarded by mu; nil when no caller waits
}

// note counts a read.
func (w *watch) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed++
		return
	}
	w.ok++
	if w.reached != nil && w.ok >= w.enough {
		close(w.reached)
		w.reached = nil
	}
}

// await waits for n more successes, 30 s at most.
func (w *watch) await(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	reached := make(chan struct{})
	w.mu.Lock()
	before := w.ok
	w.enough, w.reached = w.ok+n, reached
	w.mu.Unlock()
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		ok, failed := w.counts()
		return fmt.Errorf("%d of %d reads succeeded, %d failed in all: %w", ok-before, n, failed, ctx.Err())
	}
}

func (w *watch) counts() (ok, failed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ok, w.failed
}
