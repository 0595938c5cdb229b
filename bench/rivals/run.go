package rivals

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Run measures all workloads. An error means that not all could be measured; the results
// are those of the workloads before.
func Run(ctx context.Context, cfg Config) (results []*Result, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("rivals: %w", err)
	}
	s, err := connect(ctx, cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("rivals: %w", err)
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	for i, w := range cfg.workloads() {
		e := &experiment{cfg: cfg, server: s, workload: w}
		result, err := e.run(ctx, uint64(i))
		if err != nil {
			return results, fmt.Errorf("rivals: %s: %w", w.name, err)
		}
		results = append(results, result)
	}
	return results, nil
}

// experiment is one workload under way.
type experiment struct {
	workload
	cfg    Config
	server *server
	data   *data
	shared string // the database of all, when nothing is written
}

func (e *experiment) run(ctx context.Context, number uint64) (*Result, error) {
	var err error
	if e.data, err = e.server.data(ctx, e.rows); err != nil {
		return nil, err
	}
	if !e.writes {
		if e.shared, err = e.server.clone(ctx, e.rows, e.settings); err != nil {
			return nil, err
		}
		defer func() { _ = e.server.drop(context.WithoutCancel(ctx), e.shared) }()
	}
	result := &Result{Name: e.name, About: e.about, Group: e.group, Callers: e.callers, Rows: e.rows, Cache: e.cache}
	for _, a := range e.cfg.Arms {
		result.Rowset = append(result.Rowset, &Row{Arm: a.Name, Old: -1})
	}
	for round := range e.cfg.Rounds {
		// One more than there are arms: the last is the first again.
		for _, i := range rand.New(rand.NewPCG(e.cfg.Seed+number, uint64(round))).Perm(len(e.cfg.Arms) + 1) {
			again := i == len(e.cfg.Arms)
			if again {
				i = 0
			}
			if err := e.turn(ctx, i, result.Rowset[i], again); err != nil {
				return nil, err
			}
		}
		e.cfg.Progress(fmt.Sprintf("%s: round %d of %d: %s", e.name, round+1, e.cfg.Rounds, lastTimes(result.Rowset)))
	}
	for i, row := range result.Rowset {
		if err := e.whatItTakes(ctx, e.cfg.Arms[i], row); err != nil {
			return nil, err
		}
	}
	result.compare(e.cfg.Seed)
	return result, nil
}

// turn is one round of one arm.
func (e *experiment) turn(ctx context.Context, i int, row *Row, again bool) error {
	a := e.cfg.Arms[i]
	return e.guard(ctx, a, row, func(dsn string) error {
		time, old, err := e.measureTurn(ctx, a, dsn)
		switch {
		case err != nil:
			return err
		case again:
			row.again = append(row.again, time)
		default:
			row.times = append(row.times, time)
		}
		if old != nil {
			row.Old = max(row.Old, old())
		}
		return nil
	})
}

// guard calls do with a database, and notes what fails as the row's.
func (e *experiment) guard(ctx context.Context, a Arm, row *Row, do func(dsn string) error) error {
	if a.CacheOnly && !e.cache {
		row.Missing = "it is a cache"
	}
	if row.Missing != "" {
		return nil
	}
	name := e.shared
	if name == "" {
		var err error
		if name, err = e.server.clone(ctx, e.rows, e.settings); err != nil {
			return err
		}
		defer func() { _ = e.server.drop(context.WithoutCancel(ctx), name) }()
	}
	err := do(e.server.dsn(name))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		var cannot errCannot
		row.Missing, row.Wrong = strings.Join(strings.Fields(err.Error()), " "), !errors.As(err, &cannot)
		e.cfg.Progress(fmt.Sprintf("%s: %s has no figures: %s", e.name, a.Name, row.Missing))
	}
	return nil
}

// sessionsOfOne is how many sessions one caller's turn has, and sessionsOfDear how many
// where it takes long to warm one up. Whether the server's process shares a core with its
// client is decided for a session, and is worth a factor of two.
const (
	sessionsOfOne  = 5
	sessionsOfDear = 2
)

// measureTurn returns the time an operation in nanoseconds, over the sessions of a turn.
// What is written stays in a database, so there a turn is one session.
func (e *experiment) measureTurn(ctx context.Context, a Arm, dsn string) (perOp float64, old func() float64, err error) {
	if e.callers > 1 || e.writes || e.cache {
		return e.measure(ctx, a, dsn, e.cfg.Duration)
	}
	sessions := sessionsOfOne
	if e.dear {
		sessions = sessionsOfDear
	}
	for range sessions {
		time, _, err := e.measure(ctx, a, dsn, e.cfg.Duration/time.Duration(sessions))
		if err != nil {
			return 0, nil, err
		}
		perOp += time / float64(sessions)
	}
	return perOp, nil, nil
}

// measure returns the time an operation in nanoseconds, in one session.
func (e *experiment) measure(ctx context.Context, a Arm, dsn string, duration time.Duration) (perOp float64, old func() float64, err error) {
	s, err := openSession(ctx, a, e.workload, e.data, dsn)
	if err != nil {
		return 0, nil, err
	}
	defer s.close()
	if err := s.warm(ctx); err != nil {
		return 0, nil, fmt.Errorf("warm up: %w", err)
	}
	if perOp, err = s.drive(ctx, duration); err != nil {
		return 0, nil, err
	}
	return perOp, s.old, onDatabase(ctx, dsn, func(conn *pgx.Conn) error { return s.verify(ctx, conn) })
}

// whatItTakes counts round trips, statements and allocations of an operation.
func (e *experiment) whatItTakes(ctx context.Context, a Arm, row *Row) error {
	return e.guard(ctx, a, row, func(dsn string) error {
		w := e.workload
		w.callers = 1
		if err := e.countAllocations(ctx, a, w, row, dsn); err != nil {
			return err
		}
		if w.cache {
			return nil // it depends on the reads before
		}
		r, through, err := startRelay(dsn)
		if err != nil {
			return err
		}
		defer r.close()
		s, err := openSession(ctx, a, w, e.data, through)
		if err != nil {
			return err
		}
		defer s.close()
		// Of an arm before, what it wrote is there.
		s.done.Store(1 << 20)
		if err := s.warm(ctx); err != nil {
			return err
		}
		c, err := s.count(ctx, r)
		row.Counted, row.Trips, row.Statements = err == nil, c.trips, c.statements
		return err
	})
}

func (e *experiment) countAllocations(ctx context.Context, a Arm, w workload, row *Row, dsn string) error {
	s, err := openSession(ctx, a, w, e.data, dsn)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.warm(ctx); err != nil {
		return err
	}
	row.Allocs, err = s.allocations(ctx)
	return err
}

// lastTimes is the latest round in short.
func lastTimes(rows []*Row) string {
	var parts []string
	for _, row := range rows {
		if n := len(row.times); n > 0 && row.Missing == "" {
			parts = append(parts, fmt.Sprintf("%s %v", row.Arm, time.Duration(row.times[n-1])))
		}
	}
	return strings.Join(parts, ", ")
}
