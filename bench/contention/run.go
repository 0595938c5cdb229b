package contention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Run measures all scenarios. An error means that not all could be measured; the
// Report then has those that were, and is nil when there is none. An arm that fails is
// reported as missing in its scenario, unless the others are compared with it. Wrong
// effects are a result ([Report.Wrong]).
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("contention: %w", err)
	}
	b, err := openBank(ctx, cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("contention: %w", err)
	}
	defer b.close(ctx)
	report := &Report{cfg: cfg}
	if report.settings, err = b.settings(ctx); err != nil {
		return nil, fmt.Errorf("contention: %w", err)
	}
	e := &experiment{cfg: cfg, bank: b, arms: arms(cfg)}
	for i, scenario := range cfg.Scenarios {
		result, err := e.scenario(ctx, scenario, i)
		if err != nil {
			if len(report.results) == 0 {
				report = nil
			}
			return report, fmt.Errorf("contention: %v: %w", scenario, err)
		}
		report.results = append(report.results, result)
	}
	return report, nil
}

// experiment is a run under way.
type experiment struct {
	cfg  Config
	bank *bank
	arms []arm
}

// scenario runs all rounds of the scenario with number n.
func (e *experiment) scenario(ctx context.Context, s Scenario, n int) (*result, error) {
	res := newResult(s, e.arms)
	for i, a := range e.arms {
		if a.missing != "" {
			e.cfg.Progress(fmt.Sprintf("%v: ARM MISSING: %s: %s", s, e.arms[i].name, a.missing))
		}
	}
	for number := range e.cfg.Rounds {
		rng := rand.New(rand.NewPCG(e.cfg.Seed, uint64(n)<<32|uint64(number)))
		r := round{
			Scenario: s, dsn: e.cfg.DSN, pool: e.cfg.Pool, isolation: e.cfg.Isolation,
			duration: e.cfg.Duration, seed: uint64(rng.Uint32()),
		}
		for _, i := range rng.Perm(len(e.arms)) {
			into := res.series[i]
			if into.missing != "" {
				continue
			}
			err := e.measure(ctx, r, into)
			var failed *armError
			switch {
			case err == nil:
			case errors.As(err, &failed) && ctx.Err() == nil && into.role != baseline && into.role != again:
				into.fail(number+1, failed)
				e.cfg.Progress(fmt.Sprintf("%v: ARM MISSING: %s: %s", s, into.name, into.missing))
			default:
				return nil, fmt.Errorf("round %d: %s: %w", number+1, into.name, err)
			}
		}
		e.cfg.Progress(fmt.Sprintf("%v: round %d of %d: %s", s, number+1, e.cfg.Rounds, res.lastRates()))
	}
	res.compare(e.cfg.Seed)
	return res, nil
}

// armError is a failure of an arm's own, which says nothing about the others.
type armError struct{ error }

// Unwrap returns the failure.
func (e *armError) Unwrap() error { return e.error }

// measure lets one arm do one round on a fresh table, and looks at the effects.
func (e *experiment) measure(ctx context.Context, r round, into *series) error {
	accounts := e.cfg.accounts(r.Scenario)
	if err := e.bank.refill(ctx, accounts); err != nil {
		return err
	}
	s, err := into.run(ctx, r)
	if err != nil {
		return &armError{err}
	}
	if s.rate <= 0 {
		return &armError{errors.New("nothing was committed within the round: it is too short")}
	}
	wrong, err := e.bank.audit(ctx, accounts, s.committed)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		into.wrong = append(into.wrong, strings.Join(wrong, ", "))
	}
	into.samples = append(into.samples, s)
	return nil
}
