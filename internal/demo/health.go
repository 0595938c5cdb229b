package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// noticeBound is how long the monitor may take to see what the demonstration
// waits for. It should within one interval; the rest is for a busy machine.
const noticeBound = 10 * time.Second

// heard wakes awaitHealth. It must not block the monitor.
func (s *stage) heard(db.Report) {
	select {
	case s.changed <- struct{}{}:
	default: // there is a value already
	}
}

// awaitHealth returns the first report with that state.
func (s *stage) awaitHealth(ctx context.Context, state db.State) (db.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, noticeBound)
	defer cancel()
	for {
		report := s.db.Health()
		if report.State == state {
			return report, nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return report, fmt.Errorf("the monitor still says that the server is %v: %w", report.State, ctx.Err())
		}
	}
}

// idleBound is how long connections may stay in use after their callers: reads that
// share a round trip get at most half a second.
const idleBound = time.Second

// awaitIdle returns the first report without a connection in use, or the last one.
func (s *stage) awaitIdle(ctx context.Context) db.Report {
	ctx, cancel := context.WithTimeout(ctx, idleBound)
	defer cancel()
	for {
		report := s.db.Health()
		if report.Pool.InUse == 0 || backoff.Wait(ctx, time.Millisecond) != nil {
			return report
		}
	}
}

// showReport writes report and the changes that led to it.
func (s *stage) showReport(report db.Report) {
	for line := range strings.Lines(report.String()) {
		s.line("%s", strings.TrimRight(line, "\n"))
	}
	for _, c := range report.Changes {
		s.line("%s  %v: %s", c.At.Format("15:04:05.000"), c.State, c.Why)
	}
}

// health waits until the monitor finds the server well again, and shows its
// report.
func health(ctx context.Context, s *stage) (string, error) {
	if _, err := s.awaitHealth(ctx, db.Up); err != nil {
		return "", err
	}
	report := s.awaitIdle(ctx)
	s.showReport(report)
	if report.Pool.InUse != 0 {
		return "", fmt.Errorf("%d connections are still in use", report.Pool.InUse)
	}
	return fmt.Sprintf("%v, %.1f%% of %d probes answered; every connection is back in the pool",
		report.State, 100*report.Probes.SuccessRate, report.Probes.Count), nil
}
