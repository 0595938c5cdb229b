package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// recoveryBound is how long the first success may take once the server accepts
// connections again.
const recoveryBound = 3 * time.Second

// serverLost takes the server away from readers and brings it back.
func serverLost(ctx context.Context, s *stage) (string, error) {
	w := newWatch()
	stop := s.readAllTheTime(ctx, w)
	defer stop()
	if err := w.success(ctx); err != nil {
		return "", err
	}
	lost, back, how, err := s.takeAway(ctx)
	if err != nil {
		return "", err
	}
	w.reset()
	if err := w.success(ctx); err != nil {
		return "", fmt.Errorf("no read succeeded after the server was back: %w", err)
	}
	recovered := time.Since(back)
	stop()
	ok, failed := w.counts()
	s.line("%s; away for %v", how, brief(back.Sub(lost)))
	s.line("first success %v after it was back; %d reads succeeded, %d failed in all", brief(recovered), ok, failed)
	if recovered > recoveryBound {
		return "", fmt.Errorf("the first success came %v after the server was back, more than %v", recovered, recoveryBound)
	}
	return fmt.Sprintf("%s; first success %v after it was back", how, brief(recovered)), nil
}

// takeAway restarts a server of ours as a crash would. On any other server it
// ends the sessions of this database.
func (s *stage) takeAway(ctx context.Context) (lost, back time.Time, how string, err error) {
	lost = time.Now()
	if !s.opts.Server.Owned() {
		how = "the server is not ours to restart, so all our sessions were ended"
		err = s.endSessions(ctx)
		return lost, time.Now(), how, err
	}
	how = "the server was stopped at once and started again"
	if err = s.opts.Server.Halt(ctx, pgserver.Immediate); err == nil {
		err = s.opts.Server.Start(ctx)
	}
	return lost, time.Now(), how, err
}

// endSessions ends every session of the demonstration's database.
func (s *stage) endSessions(ctx context.Context) error {
	return s.asAdmin(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", s.database)
		return err
	})
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

// watch counts reads and lets one wait for the next success.
type watch struct {
	mu         sync.Mutex
	ok, failed int
	next       chan struct{} // closed at the first success since reset
}

func newWatch() *watch { return &watch{next: make(chan struct{})} }

func (w *watch) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed++
		return
	}
	w.ok++
	select {
	case <-w.next:
	default:
		close(w.next)
	}
}

func (w *watch) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = make(chan struct{})
}

func (w *watch) success(ctx context.Context) error {
	w.mu.Lock()
	next := w.next
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	select {
	case <-next:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *watch) counts() (ok, failed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ok, w.failed
}
