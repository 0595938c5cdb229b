package soundness

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// remembered is a trial whose reads are answered by a cache.
type remembered struct {
	*trial
	cache   *cache.Cache
	queries []*cache.Query[int, int, string] // by reads, of their arguments' numbers; nil for one that is left out
	cached  int                              // the queries that are not nil
	current [][]outcome                      // what the database returns now, by read and arguments
	remembrance
}

// outcome is a result, or the server's refusal.
type outcome struct {
	text string
	err  error
}

// remembrance counts what was asked of caches.
type remembrance struct{ schemas, writes, pairs, asked, loaded, affected int }

func (r *remembrance) plus(o remembrance) {
	r.schemas += o.schemas
	r.writes += o.writes
	r.pairs += o.pairs
	r.asked += o.asked
	r.loaded += o.loaded
	r.affected += o.affected
}

func (r *remembrance) hits() float64 { return share(r.asked-r.loaded, r.asked) }

// CachedBy is what a database says whose writes the cache is notified of.
func (*remembered) CachedBy(context.Context, stmt.Invalidator) (target, why string) {
	return "main", ""
}

// remember builds a scenario and a cache of its reads.
func (l *lab) remember(ctx context.Context, s *scenario, analyse analyst) (*remembered, error) {
	r := &remembered{trial: &trial{lab: l, scenario: s}}
	if _, err := l.build(ctx, s.setup); err != nil {
		return nil, err
	}
	var err error
	if r.analysis, err = analyse(ctx, l, s); err != nil {
		return nil, err
	}
	if err := r.first(ctx); err != nil {
		return nil, err
	}
	if r.cache, err = cache.New(cache.Config{Logger: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	r.queries = make([]*cache.Query[int, int, string], len(s.reads))
	for i, read := range s.reads {
		if e := r.analysis.reads[i]; e != nil && e.NotCacheable == "" {
			r.queries[i] = r.query(i, read, e)
			r.cached++
		}
	}
	return r, r.look(ctx)
}

func (r *remembered) query(i int, read statement, e *stmt.Effects) *cache.Query[int, int, string] {
	load := func(_ context.Context, j int) (string, error) {
		r.loaded++
		return r.current[i][j].text, r.current[i][j].err
	}
	return cache.NewQuery(r.cache, r, load, &cache.QueryConfig[int, int, string]{
		Statement: &stmt.Statement{Name: fmt.Sprint("read", i), SQL: fmt.Sprint("-- ", i, "\n", read.sql), Effects: *e}, TTL: time.Hour,
		Key: func(j int) int { return j }, Args: func(j int) []any { return read.args[j] },
	})
}

// look asks the database for all results as they are now.
func (r *remembered) look(ctx context.Context) error {
	p := r.runs.StartPipeline(ctx)
	r.sendRole(p, "SET ROLE")
	p.SendPipelineSync()
	for i, read := range r.scenario.reads {
		if r.queries[i] == nil {
			continue
		}
		for _, args := range read.args {
			p.SendQueryPrepared(fmt.Sprintf("r%d", i), encoded(args), nil, nil)
			p.SendPipelineSync()
		}
	}
	p.SendQueryParams("RESET ROLE", nil, nil, nil, nil)
	p.SendPipelineSync()
	answers, err := collect(p)
	if err != nil {
		return err
	}
	answers = answers[1:]
	r.current = make([][]outcome, len(r.queries))
	for i, read := range r.scenario.reads {
		if r.queries[i] == nil {
			continue
		}
		for range read.args {
			o := outcome{err: answers[0].err}
			if o.err == nil {
				o.text = answers[0].results[0].text
			}
			r.current[i], answers = append(r.current[i], o), answers[1:]
		}
	}
	return nil
}

// check compares what the cache returns with what the database does. What a committed
// write affects must not be kept: the cache may know less than [stmt.Run.Affects], not more.
func (r *remembered) check(ctx context.Context, committed ...stmt.Run) error {
	for i, q := range r.queries {
		if q == nil {
			continue
		}
		for j, now := range r.current[i] {
			if now.err != nil {
				continue
			}
			r.asked++
			read, before := r.scenario.reads[i], r.loaded
			got, err := q.Get(ctx, j)
			if err != nil {
				return err
			}
			for _, w := range committed {
				if w.Affects(stmt.Run{Effects: r.analysis.reads[i], Args: read.args[j]}) {
					if r.affected++; r.loaded == before {
						return fmt.Errorf("a result is kept that is affected of\n%s\n  with %s\n  %+v", read.sql, show(read.args[j]), *r.analysis.reads[i])
					}
				}
			}
			if got != now.text {
				return fmt.Errorf("an old result was served of\n%s\n  with %s\n  %+v\nfrom the cache:\n%s\nin the database:\n%s",
					read.sql, show(read.args[j]), *r.analysis.reads[i], got, now.text)
			}
		}
	}
	return nil
}

// write commits a write with each of its arguments, as db would, and checks after each.
func (r *remembered) write(ctx context.Context, nth int) error {
	w, e := r.scenario.writes[nth], r.analysis.writes[nth]
	for _, args := range w.args[:min(len(w.args), 3)] {
		runs, committed := []stmt.Run{exec.NewRun(e, args)}, []stmt.Run(nil)
		r.cache.BeforeWrite("main", runs)
		p := r.runs.StartPipeline(ctx)
		p.SendQueryParams(w.sql, encoded(args), nil, nil, nil)
		p.SendPipelineSync()
		answers, err := collect(p)
		if err != nil {
			return err
		}
		if answers[0].err != nil {
			r.cache.AfterWrite("main", runs, stmt.Aborted)
		} else {
			runs[0].Rows = w.seen(answers[0].results[0].rows)
			r.cache.AfterWrite("main", runs, stmt.Committed)
			r.writes++
			r.pairs += r.cached
			committed = runs
		}
		if err := r.look(ctx); err != nil {
			return err
		}
		if err := r.check(ctx, committed...); err != nil {
			return fmt.Errorf("after %s %s\n  with %s\n  %+v\n%w", w.sql, w.command, show(args), *e, err)
		}
	}
	return nil
}

// rememberAll tries schemas, and returns the first old result as an error.
func rememberAll(ctx context.Context, l *lab, seed uint64, schemas int, analyse analyst) (all remembrance, err error) {
	for number := range schemas {
		s := newScenario(seed, number, usual)
		r, err := l.remember(ctx, s, analyse)
		if err != nil {
			return all, err
		}
		if err := r.check(ctx); err != nil { // fills the cache
			return all, err
		}
		r.remembrance = remembrance{schemas: 1}
		for i := range s.writes {
			if r.analysis.writes[i] == nil {
				continue
			}
			if err := r.write(ctx, i); err != nil {
				return all, fmt.Errorf("seed %d, schema %d: %w\n%s", seed, number, err, s.script())
			}
		}
		all.plus(r.remembrance)
	}
	return all, nil
}

// After every commit, what the cache returns of a statement is what the database returns,
// over random schemas, statements and rows. SQLKEEL_FUZZ_CACHED says how many schemas,
// SQLKEEL_FUZZ_SEED which.
func TestEveryCachedResultIsThatOfTheDatabase(t *testing.T) {
	t.Parallel()
	seed, start := setting(t, "SEED", 1), time.Now()
	all, err := rememberAll(t.Context(), newLab(t), uint64(seed), setting(t, "CACHED", 12), generator)
	t.Logf("seed %d: %d schemas, %d commits, %d pairs of a commit and a cached statement; %.1f %% of %d cached reads were answered from memory, and %.1f %% need not be read again; %.1f s",
		seed, all.schemas, all.writes, all.pairs, all.hits(), all.asked, share(all.asked-all.affected, all.asked), time.Since(start).Seconds())
	if err != nil {
		t.Fatal(err)
	}
	if all.hits() < 30 || all.pairs < 50*all.schemas {
		t.Errorf("this shows little: want 30 %% from memory, and 50 pairs for each schema")
	}
}

// The check would find nothing if it accepted anything.
func TestAnAnalysisThatForetellsNothingServesOldResults(t *testing.T) {
	t.Parallel()
	_, err := rememberAll(t.Context(), newLab(t), 1, 20, mutated(nil, func(_ string, e *stmt.Effects) { e.Writes, e.Reaches, e.Anything = nil, nil, false }))
	if err == nil {
		t.Error("no old result was found")
	}
}
