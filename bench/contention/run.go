package contention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Run measures all workloads. An error means that not all could be measured; the
// Report then has those that were, and is nil when there is none. An arm that fails is
// reported as missing in its workload, and the others keep their rows. Wrong effects
// are a result ([Report.Wrong]).
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("contention: %w", err)
	}
	conn, err := pgx.Connect(ctx, cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("contention: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	report := &Report{cfg: cfg}
	if report.settings, err = settings(ctx, conn); err != nil {
		return nil, fmt.Errorf("contention: %w", err)
	}
	e := &experiment{cfg: cfg, conn: conn, arms: arms()}
	for i, name := range cfg.Workloads {
		w, _ := find(name) // it was found before
		results, err := e.measureAll(ctx, w, i)
		report.results = append(report.results, results...)
		if err != nil {
			if len(report.results) == 0 {
				report = nil
			}
			return report, fmt.Errorf("contention: %s: %w", name, err)
		}
	}
	return report, nil
}

// settings are those of the server that decide what is measured.
func settings(ctx context.Context, conn *pgx.Conn) ([]setting, error) {
	var found []setting
	for _, name := range []string{"server_version", "deadlock_timeout", "fsync", "synchronous_commit", "max_connections"} {
		s := setting{name: name}
		if err := conn.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&s.value); err != nil {
			return nil, fmt.Errorf("ask for %s: %w", name, err)
		}
		found = append(found, s)
	}
	return found, nil
}

type setting struct{ name, value string }

// experiment is a run under way.
type experiment struct {
	cfg  Config
	conn *pgx.Conn // not used while the clock runs
	arms []arm
}

// measureAll runs all rounds of the workload with number n.
func (e *experiment) measureAll(ctx context.Context, w workload, n int) ([]*result, error) {
	series := make([]*series, len(e.arms))
	for i, a := range e.arms {
		series[i] = newSeries(a)
	}
	for number := range e.cfg.Rounds {
		rng := rand.New(rand.NewPCG(e.cfg.Seed, uint64(n)<<32|uint64(number)))
		l := load{workers: e.cfg.Workers, duration: e.cfg.Duration, seed: uint64(rng.Uint32()), draw: w.draw(e.cfg)}
		for _, i := range rng.Perm(len(e.arms)) {
			into := series[i]
			if into.missing != "" {
				continue
			}
			err := e.measure(ctx, w, l, into)
			var failed *armError
			switch {
			case err == nil:
			case errors.As(err, &failed) && ctx.Err() == nil:
				into.fail(number+1, failed)
				e.cfg.Progress(fmt.Sprintf("%s: ARM MISSING: %s: %s", w.name, into.name, into.missing))
			default:
				return results(e.cfg, w, series, number), fmt.Errorf("round %d: %s: %w", number+1, into.name, err)
			}
		}
		e.cfg.Progress(fmt.Sprintf("%s: round %d of %d: %s", w.name, number+1, e.cfg.Rounds, lastRates(series)))
	}
	return results(e.cfg, w, series, e.cfg.Rounds), nil
}

// armError is a failure of an arm's own, which says nothing about the others.
type armError struct{ error }

// Unwrap returns the failure.
func (e *armError) Unwrap() error { return e.error }

var errTooShort = errors.New("it is too short")

// create makes the database as new, with the workload's tables.
func (e *experiment) create(ctx context.Context, w workload) error {
	statements := append([]string{`DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`}, w.create(e.cfg)...)
	for _, sql := range append(statements, `VACUUM ANALYZE`, `CHECKPOINT`) {
		if _, err := e.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("create the tables: %s: %w", sql, err)
		}
	}
	return nil
}

// measure lets one arm do one round on fresh tables, and checks the effects.
func (e *experiment) measure(ctx context.Context, w workload, l load, into *series) error {
	if err := e.create(ctx, w); err != nil {
		return err
	}
	r, err := e.run(ctx, w, l, into.arm)
	if err != nil {
		return &armError{err}
	}
	for _, class := range append([]string{""}, w.classes...) {
		if s := r.samples[class]; s == nil || s.rate <= 0 {
			return &armError{fmt.Errorf("nothing was committed within the round%s: %w", strings.TrimRight(" by "+class, "by "), errTooShort)}
		}
	}
	wrong, err := w.audit(ctx, e.conn, e.cfg, r.committed)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	into.add(r, wrong)
	return nil
}

func (e *experiment) run(ctx context.Context, w workload, l load, a arm) (*round, error) {
	pool, err := openPool(ctx, e.cfg.DSN, e.cfg.Pool, w.texts(a.lock))
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	do, err := a.prepare(pool, a.lock)
	if err != nil {
		return nil, err
	}
	return drive(ctx, l, do)
}
