package contention

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// The one test that runs the whole: every arm, pgbench too where there is one.
func TestEveryArmRunsAndItsEffectsAreRight(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(t, `DROP TABLE accounts`) // the run makes its own
	var progress []string
	report, err := Run(t.Context(), Config{
		DSN: l.dsn, Scenarios: []Scenario{{Workers: 8, Rows: 10}}, Rounds: 1, Duration: 200 * time.Millisecond,
		Pool: 8, Progress: func(line string) { progress = append(progress, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.Write(&text); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", text.String())
	if wrong := report.Wrong(); len(wrong) > 0 {
		t.Errorf("wrong effects: %q", wrong)
	}
	for _, s := range report.results[0].series {
		if s.missing != "" {
			if want := "ARM MISSING: " + s.name; !strings.Contains(text.String(), want) {
				t.Errorf("the report does not say %q", want)
			}
			continue
		}
		if len(s.samples) != 1 || s.ratio.median <= 0 {
			t.Errorf("%s: %d rounds, ratio %v", s.name, len(s.samples), s.ratio)
		}
	}
	if n := len(report.Verdicts()); n != 6 {
		t.Errorf("%d verdicts, want 6", n)
	}
	if len(progress) == 0 {
		t.Errorf("progress %q", progress)
	}
}

// pretending is an arm that reports what it did not do.
func pretending(ctx context.Context, r round) (*sample, error) {
	return &sample{rate: 1, committed: 1}, ctx.Err()
}

func TestAnArmThatReportsTooMuchIsFound(t *testing.T) {
	t.Parallel()
	l := setup(t)
	e := &experiment{cfg: Config{Table: 10}.withDefaults(), bank: l.bank}
	s := &series{arm: arm{name: "pretender", run: pretending}}
	if err := e.measure(t.Context(), l.short(2, 10), s); err != nil {
		t.Fatal(err)
	}
	report := &Report{results: []*result{{Scenario: Scenario{2, 10}, series: []*series{s}}}}
	want := "2 workers x 10 rows: pretender: 0 updates were applied, 1 transfers were reported"
	if wrong := report.Wrong(); len(wrong) != 1 || wrong[0] != want {
		t.Errorf("wrong = %q, want %q", wrong, want)
	}
}

// losing is an arm that tears transfers apart, as one without transactions does.
func losing(l *lab) func(context.Context, round) (*sample, error) {
	return func(ctx context.Context, r round) (*sample, error) {
		_, err := l.bank.conn.Exec(ctx, updateBalance, initialBalance-1, 1)
		return &sample{rate: 1, committed: 1}, err
	}
}

func TestAnArmThatLosesHalfATransferIsFound(t *testing.T) {
	t.Parallel()
	l := setup(t)
	e := &experiment{cfg: Config{Table: 10}.withDefaults(), bank: l.bank}
	s := &series{arm: arm{name: "loser", run: losing(l)}}
	if err := e.measure(t.Context(), l.short(2, 10), s); err != nil {
		t.Fatal(err)
	}
	if len(s.wrong) != 1 || !strings.Contains(s.wrong[0], "the sum is 9999, it was 10000, 1 updates were applied") {
		t.Errorf("wrong = %q", s.wrong)
	}
}

func TestARoundInWhichNothingHappenedIsNoMeasurement(t *testing.T) {
	t.Parallel()
	l := setup(t)
	e := &experiment{cfg: Config{Table: 10}.withDefaults(), bank: l.bank}
	s := &series{arm: arm{name: "idle", run: func(context.Context, round) (*sample, error) { return &sample{}, nil }}}
	if err := e.measure(t.Context(), l.short(2, 10), s); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("err = %v", err)
	}
}

func TestAConfigurationIsRefusedBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	good := Config{DSN: "postgres://nobody@127.0.0.1:1/none", Scenarios: []Scenario{{2, 10}}}
	for want, spoil := range map[string]func(*Config){
		"no DSN":             func(c *Config) { c.DSN = "" },
		"no scenario":        func(c *Config) { c.Scenarios = nil },
		"-1 rounds":          func(c *Config) { c.Rounds = -1 },
		"a round of -1s":     func(c *Config) { c.Duration = -time.Second },
		"a pool of -3":       func(c *Config) { c.Pool = -3 },
		"a table of -1":      func(c *Config) { c.Table = -1 },
		"isolation":          func(c *Config) { c.Isolation = "read committed" },
		"2 rows are needed":  func(c *Config) { c.Scenarios = []Scenario{{2, 1}} },
		"at least 1 worker ": func(c *Config) { c.Scenarios = []Scenario{{0, 10}} },
	} {
		c := good
		spoil(&c)
		if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}

// zero is an arm in whose second round nothing is committed, as in pgbench's on a busy
// machine.
func zero() func(context.Context, round) (*sample, error) {
	rounds := 0
	return func(ctx context.Context, r round) (*sample, error) {
		if rounds++; rounds == 2 {
			return nil, errors.New("pgbench printed no tps")
		}
		return &sample{rate: 1}, nil
	}
}

func idle(context.Context, round) (*sample, error) { return &sample{rate: 2}, nil }

func TestAnArmThatFailsInARoundIsMissingAndTheOthersAreKept(t *testing.T) {
	t.Parallel()
	for _, role := range []role{server, ours, rival, baseline, again} {
		l := setup(t)
		e := &experiment{cfg: Config{Table: 10, Rounds: 3, Progress: func(string) {}}.withDefaults(), bank: l.bank, arms: []arm{
			{name: "base", role: baseline, run: idle}, {name: "again", role: again, run: idle}, {name: "mine", role: ours, run: idle},
			{name: "failing", role: role, run: zero()},
		}}
		res, err := e.scenario(t.Context(), Scenario{2, 10}, 0)
		if role == baseline || role == again {
			if err == nil || !strings.Contains(err.Error(), "round 2: failing: pgbench printed no tps") {
				t.Errorf("role %v: error %v", role, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		report := &Report{cfg: e.cfg, results: []*result{res}}
		if err := report.Write(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), "ARM MISSING: failing: failed in round 2: pgbench printed no tps") {
			t.Errorf("the report is\n%s", text.String())
		}
		for _, s := range res.series[:3] {
			if len(s.samples) != 3 || s.ratio.median != 1 {
				t.Errorf("%s: %d rounds, ratio %v", s.name, len(s.samples), s.ratio)
			}
		}
	}
}
