package contention

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// lab is an experiment on a database of the test's own.
type lab struct{ *experiment }

func setup(t *testing.T) *lab {
	t.Helper()
	cfg := Config{DSN: pgtest.New(t).DSN(), Workers: 4, Pool: 4, Rounds: 3, Duration: 200 * time.Millisecond, Slow: time.Millisecond}.withDefaults()
	conn, err := pgx.Connect(t.Context(), cfg.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &lab{&experiment{cfg: cfg, conn: conn, arms: arms()}}
}

// workload creates the tables of one.
func (l *lab) workload(t *testing.T, name string) workload {
	t.Helper()
	w, err := find(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.create(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	return w
}

func (l *lab) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := l.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// load is that of the experiment.
func (l *lab) load(w workload) load {
	return load{workers: l.cfg.Workers, duration: l.cfg.Duration, seed: 1, draw: w.draw(l.cfg)}
}

// first is the first job of each operation that a workload draws.
func first(w workload, cfg Config) map[string]job {
	found := map[string]job{}
	rng, draw := rand.New(rand.NewPCG(1, 1)), w.draw(cfg)
	for i := range 100 {
		if j := draw(rng, i%cfg.Workers); found[j.op].run == nil {
			found[j.op] = j
		}
	}
	return found
}
