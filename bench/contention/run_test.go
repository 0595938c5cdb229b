package contention

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The one test that runs the whole.
func TestARunReportsAllArmsAndClasses(t *testing.T) {
	t.Parallel()
	l := setup(t)
	var progress []string
	cfg := l.cfg
	cfg.Duration = time.Second // or a class does nothing in it on a busy machine
	cfg.Workloads, cfg.Rounds, cfg.Progress = []string{"hot rows", "slow hot"}, 1, func(line string) { progress = append(progress, line) }
	report, err := Run(t.Context(), cfg)
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
	for i, name := range []string{"hot rows", "slow hot", "slow hot: fast", "slow hot: slow"} {
		res := report.results[i]
		if res.name != name || len(res.rows) != len(arms()) {
			t.Errorf("result %d is %s with %d arms, want %s", i, res.name, len(res.rows), name)
		}
		for _, r := range res.rows {
			if len(r.samples) != 1 || r.ratio.Median <= 0 {
				t.Errorf("%s: %s: %d rounds, ratio %v", name, r.name, len(r.samples), r.ratio)
			}
		}
	}
	if n := len(report.Verdicts()); n != 4*7+1 {
		t.Errorf("%d verdicts", n)
	}
	if len(progress) != 2 {
		t.Errorf("progress %q", progress)
	}
}

// doing is an arm that does as fn.
func doing(name string, r role, fn doer) arm {
	return arm{name: name, role: r, prepare: func(*pgxpool.Pool, string) (doer, error) { return fn, nil }}
}

// pretend reports what was not done.
func pretend(ctx context.Context, _ job) (int, error) { return 1, sleep(ctx, time.Millisecond) }

func TestAnArmThatReportsTooMuchIsFound(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w := l.workload(t, "hot rows")
	s := newSeries(doing("pretender", rival, pretend))
	if err := l.measure(t.Context(), w, l.load(w), s); err != nil {
		t.Fatal(err)
	}
	report := &Report{results: results(l.cfg, w, []*series{s}, 1)}
	const want = "hot rows: pretender: accounts: 0 updates were applied, "
	if wrong := report.Wrong(); len(wrong) != 1 || !strings.HasPrefix(wrong[0], want) {
		t.Errorf("wrong = %q, want %q", wrong, want)
	}
}

func TestAnArmThatLosesHalfATransferIsFound(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w := l.workload(t, "hot rows")
	s := newSeries(arm{name: "loser", prepare: func(pool *pgxpool.Pool, _ string) (doer, error) {
		return func(ctx context.Context, _ job) (int, error) {
			_, err := pool.Exec(ctx, updateBalance("accounts"), initialBalance-1, 1)
			return 1, err
		}, nil
	}})
	if err := l.measure(t.Context(), w, l.load(w), s); err != nil {
		t.Fatal(err)
	}
	if len(s.wrong) != 2 || s.wrong[0] != "accounts: the sum changed by -1" {
		t.Errorf("wrong = %q", s.wrong)
	}
}

func TestARoundInWhichNothingHappenedIsNoMeasurement(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w := l.workload(t, "slow hot")
	for class, want := range map[string]string{
		"none": "nothing was committed within the round: it is too short", "fast": "nothing was committed within the round by slow: it is too short",
	} {
		s := newSeries(doing("idle", rival, func(ctx context.Context, j job) (int, error) {
			if j.class != class {
				return 1, sleep(ctx, 2*l.cfg.Duration)
			}
			return 1, sleep(ctx, time.Millisecond)
		}))
		if err := l.measure(t.Context(), w, l.load(w), s); err == nil || err.Error() != want {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
}

func TestAConfigurationIsRefusedBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	good := Config{DSN: "postgres://tester@127.0.0.1:1/none"}
	for want, spoil := range map[string]func(*Config){
		"no DSN":               func(c *Config) { c.DSN = "" },
		`workload "cold rows"`: func(c *Config) { c.Workloads = []string{"hot rows", "cold rows"} },
		"-1 rounds":            func(c *Config) { c.Rounds = -1 },
		"a round of -1s":       func(c *Config) { c.Duration = -time.Second },
		"a pause of -1s":       func(c *Config) { c.Slow = -time.Second },
		"a pool of -3":         func(c *Config) { c.Pool = -3 },
		"a table of 9":         func(c *Config) { c.Table = 9 },
		"2 rows are needed":    func(c *Config) { c.Rows = 1 },
		"at least 1 worker ":   func(c *Config) { c.Workers = -1 },
	} {
		c := good
		spoil(&c)
		if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}

// failingIn fails in one round, and does nothing in the others.
func failingIn(round int) func(*pgxpool.Pool, string) (doer, error) {
	n := 0
	return func(pool *pgxpool.Pool, _ string) (doer, error) {
		if n++; n == round {
			return nil, errors.New("it has a bad day")
		}
		return pretend, nil
	}
}

func TestAnArmThatFailsLosesItsOwnRowOnly(t *testing.T) {
	t.Parallel()
	for _, failing := range []role{rival, few, ours, again} {
		l := setup(t)
		w, _ := find("hot rows")
		l.arms = nil
		for _, r := range []role{ours, again, few, rival} {
			a := doing("good", r, pretend)
			if r == failing {
				a = arm{name: "bad", role: r, prepare: failingIn(2)}
			}
			l.arms = append(l.arms, a)
		}
		found, err := l.measureAll(t.Context(), w, 0)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		report := &Report{cfg: l.cfg, results: found}
		if err := report.Write(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), "ARM MISSING: bad: failed in round 2: it has a bad day") {
			t.Errorf("the report is\n%s", text.String())
		}
		for _, r := range found[0].rows {
			if r.name == "good" && len(r.samples) != l.cfg.Rounds {
				t.Errorf("role %v failed: role %v has %d rounds", failing, r.role, len(r.samples))
			}
			if compared := r.ratio.Median > 0; compared != (r.name == "good" && failing != ours) {
				t.Errorf("role %v failed: role %v has the ratio %v", failing, r.role, r.ratio)
			}
		}
		if len(report.Verdicts()) == 0 {
			t.Errorf("role %v failed: no verdicts", failing)
		}
	}
}

func TestWhatWasMeasuredBeforeTheServerFailedIsKept(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w, _ := find("hot rows")
	l.cfg.Duration = 20 * time.Millisecond
	rounds := 0
	l.arms = []arm{{name: "mine", role: ours, prepare: func(*pgxpool.Pool, string) (doer, error) {
		if rounds++; rounds == 3 {
			_ = l.conn.Close(context.Background()) // the tables cannot be audited any more
		}
		return pretend, nil
	}}}
	found, err := l.measureAll(t.Context(), w, 0)
	if err == nil || !strings.Contains(err.Error(), "round 3: mine: audit") {
		t.Errorf("err = %v", err)
	}
	if len(found) != 1 || len(found[0].rows[0].samples) != 2 {
		t.Errorf("found %v", found)
	}
}
