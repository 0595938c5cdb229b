package reads

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/database"
	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Run measures the cells. A cell that cannot be measured says why in its Result. An error
// means that a statement failed, that a read got a wrong row, or that nothing could be
// measured; the Report has what there was before, and is never nil.
func Run(ctx context.Context, cfg Config) (report *Report, err error) {
	cfg = cfg.withDefaults()
	report = &Report{cfg: cfg}
	if err := cfg.validate(); err != nil {
		return report, fmt.Errorf("reads: %w", err)
	}
	dsn, drop, err := database.Make(ctx, cfg.Server)
	if err != nil {
		return report, fmt.Errorf("reads: %w", err)
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	book, err := rivals.CreateBooks(ctx, dsn, cfg.Rows)
	if err != nil {
		return report, fmt.Errorf("reads: %w", err)
	}
	e := &experiment{cfg: cfg, dsn: dsn, table: &table{rows: cfg.Rows, book: book}, report: report}
	for number, c := range Cells(otherProcs()) {
		if cfg.Only != nil && !cfg.Only.MatchString(c.Name()) {
			continue
		}
		begun := time.Now()
		r, err := e.measure(ctx, c, uint64(number))
		if err != nil {
			return report, fmt.Errorf("reads: %s: %w", c.Name(), err)
		}
		report.Results = append(report.Results, r)
		cfg.Progress(fmt.Sprintf("%s: %s (%.1f s)", c.Name(), r.brief(), time.Since(begun).Seconds()))
	}
	return report, nil
}

// otherProcs is 1, or 2 where it is 1 already.
func otherProcs() int {
	if runtime.GOMAXPROCS(0) == 1 {
		return 2
	}
	return 1
}

// experiment is a run under way.
type experiment struct {
	cfg    Config
	dsn    string
	table  *table
	report *Report
}

// measure runs all rounds of the cell with a number.
func (e *experiment) measure(ctx context.Context, c Cell, number uint64) (*Result, error) {
	p := c.pace(e.cfg)
	r := &Result{Cell: c, Rounds: p.rounds}
	dsn, leave, err := e.enter(ctx, c)
	if err != nil {
		r.Missing = err.Error()
		return r, nil
	}
	defer leave()
	arms, err := openArms(ctx, dsn, c)
	if err != nil {
		return nil, err
	}
	defer closeArms(arms)
	for _, a := range arms {
		if err := a.warm(ctx, e.table, c); err != nil {
			return nil, fmt.Errorf("%s: warm up: %w", a.name, err)
		}
	}
	if c.Open {
		return r, e.openRounds(ctx, r, p, arms, number)
	}
	return r, e.closedRounds(ctx, r, p, arms, number)
}

// enter makes the cell's setting, until leave is called. An error is why there is none.
func (e *experiment) enter(ctx context.Context, c Cell) (dsn string, leave func(), err error) {
	switch {
	case c.Latency > 0:
		if !slices.ContainsFunc(e.report.Added, func(a Added) bool { return a.Asked == c.Latency }) {
			added, err := calibrate(ctx, e.cfg.Relay, e.dsn, c.Latency, e.table)
			if err != nil {
				return "", nil, err
			}
			e.report.Added = append(e.report.Added, added)
		}
		r, err := startRelay(ctx, e.cfg.Relay, e.dsn, c.Latency)
		if err != nil {
			return "", nil, err
		}
		return r.dsn, func() { _ = r.stop() }, nil
	case c.Apart:
		undo, err := apart(ctx, e.dsn)
		return e.dsn, undo, err
	case c.Procs > 0:
		procs := runtime.GOMAXPROCS(c.Procs)
		return e.dsn, func() { runtime.GOMAXPROCS(procs) }, nil
	}
	return e.dsn, func() {}, nil
}

// turns calls do for every arm in shuffled order, once a round.
func (e *experiment) turns(arms []*arm, p pace, c Cell, number uint64, do func(turn, *arm) error) error {
	for round := range p.rounds {
		rng := rand.New(rand.NewPCG(e.cfg.Seed, number<<32|uint64(round)))
		t := turn{Cell: c, pace: p, seed: rng.Uint64()}
		runtime.GC()
		for _, i := range rng.Perm(len(arms)) {
			t.read, t.others = e.table.read(arms[i]), e.table.others(arms[i], c.Others)
			if err := do(t, arms[i]); err != nil {
				return fmt.Errorf("%s: %w", arms[i].name, err)
			}
		}
	}
	return nil
}

func (e *experiment) closedRounds(ctx context.Context, r *Result, p pace, arms []*arm, number uint64) error {
	own := arms[slices.IndexFunc(arms, func(a *arm) bool { return a.name == ours })]
	readsBefore, tripsBefore := own.shared()
	var done int64
	err := e.turns(arms, p, r.Cell, number, func(t turn, a *arm) error {
		o, err := t.closed(ctx)
		if err != nil {
			return err
		}
		if a == own {
			done += o.done
		}
		r.add(readRate, false, a.name, o.reads, e.cfg.Seed)
		if t.Others != NoOthers {
			r.add(otherRate, false, a.name, o.others, e.cfg.Seed)
			e.addTimes(r, a, o, 99)
		}
		return nil
	})
	if reads, trips := own.shared(); trips > tripsBefore {
		r.PerTrip = float64(reads-readsBefore) / float64(trips-tripsBefore)
		r.Shared = float64(reads-readsBefore) / float64(done)
	}
	return err
}

func (e *experiment) addTimes(r *Result, a *arm, o outcome, percentiles ...int) {
	for _, p := range percentiles {
		reads, others := o.times(p)
		names := map[int][2]string{50: {readP50, otherP50}, 99: {readP99, otherP99}}[p]
		r.add(names[0], true, a.name, reads, e.cfg.Seed)
		r.add(names[1], true, a.name, others, e.cfg.Seed)
	}
}

// share of what the pgxpool reaches in a closed loop is what an open loop offers.
const share = 0.7

func (e *experiment) openRounds(ctx context.Context, r *Result, p pace, arms []*arm, number uint64) error {
	var reads, others []float64
	probe := p
	probe.turn, probe.rounds = p.turn/3, 3
	err := e.turns(arms[:1], probe, r.Cell, number, func(t turn, _ *arm) error {
		o, err := t.closed(ctx)
		reads, others = append(reads, o.reads), append(others, o.others)
		return err
	})
	if err != nil {
		return err
	}
	r.Offered = [2]float64{share * stats.Median(reads), share * stats.Median(others)}
	return e.turns(arms, p, r.Cell, number, func(t turn, a *arm) error {
		runtime.GC()
		o, late, err := t.open(ctx, schedule(t.seed, r.Offered[0], r.Offered[1], p.turn))
		if err != nil {
			return err
		}
		r.Late = max(r.Late, stats.Percentile(late, 99))
		e.addTimes(r, a, o, 50, 99)
		return nil
	})
}
