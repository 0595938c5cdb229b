package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
)

// heard keeps the reports of the monitor until a part asks for them. It must
// not block the monitor: what nobody asked for makes room.
func (s *stage) heard(r db.Report) {
	for {
		select {
		case s.reports <- r:
			return
		default:
		}
		select {
		case <-s.reports:
		default:
		}
	}
}

// health waits until the monitor has seen the server again, and shows its
// report.
func health(ctx context.Context, s *stage) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	report := s.db.Health()
	for !report.Ready() {
		select {
		case report = <-s.reports:
		case <-ctx.Done():
			return "", fmt.Errorf("the monitor still reports: %v", report)
		}
	}
	for line := range strings.Lines(report.String()) {
		s.line("%s", strings.TrimRight(line, "\n"))
	}
	if report.Pool.InUse != 0 {
		return "", fmt.Errorf("%d connections are still in use", report.Pool.InUse)
	}
	return fmt.Sprintf("%v; every connection is back in the pool", report.State), nil
}
