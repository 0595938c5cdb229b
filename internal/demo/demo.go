package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/pgserver"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/repo"
)

// Options say what is shown, and where.
type Options struct {
	Server   *pgserver.Server
	Tool     string // the path of sqlkeel, see [BuildTool]
	Out      io.Writer
	Terminal bool // Out is a terminal
	Size     seed.Size
}

// ErrFailed is returned by [Run] when a part did not hold; the summary names
// it.
var ErrFailed = errors.New("a part of the demonstration did not hold")

// part is one thing to show. What it returns is its line of the summary; an
// error means that it did not hold.
type part struct {
	title string
	show  func(context.Context, *stage) (string, error)
}

// program is what is shown, in order.
type program struct {
	parts  []part
	needed int // so many of them the others stand on: when one fails, there is nothing further to show
}

func everything() program {
	return program{needed: 3, parts: []part{
		{"migrations up, down and up again", upAndDown},
		{"bulk load with COPY", loadData},
		{"connecting", connect},
		{"connection pool under stress", stressPool},
		{"one connection for a scope", scopedConnection},
		{"two databases, chosen by context", switchDatabases},
		{"dynamic search, no string building", search},
		{"reports", reports},
		{"contended transfers, SERIALIZABLE", transfers},
		{"batch job killed and resumed", batchJob},
		{"N+1 against one round trip", nPlusOne},
		{"cached against direct reads", cachedReads},
		{"server lost under load", serverLost},
		{"health report", health},
	}}
}

// stage is what the parts work on.
type stage struct {
	screen
	opts     Options
	database string // the demonstration's own
	dsn      string // of that database
	address  string // of the server
	db       *db.DB
	results  *cache.Cache // of cached
	cached   *repo.Repo   // with a cache
	repo     *repo.Repo
	retries  *retryCounter
	changed  chan struct{} // has a value when the health has changed
	bound    time.Duration // of the first success after the server was lost
}

// result is a line of the summary.
type result struct {
	finding string
	took    time.Duration
	err     error
}

// Run shows everything and returns [ErrFailed] when a part did not hold, or the cause
// of ctx's end when it was interrupted; so it is by an error of Out, which it returns.
// The database it makes is gone when it returns; an error says when that could not be
// done.
func Run(ctx context.Context, opts Options) error { return run(ctx, opts, everything()) }

func run(ctx context.Context, opts Options, p program) (err error) {
	ctx, interrupt := context.WithCancelCause(ctx)
	defer interrupt(nil)
	s := &stage{
		screen: screen{out: &outlet{opts.Out, interrupt}, terminal: opts.Terminal}, opts: opts,
		retries: &retryCounter{}, changed: make(chan struct{}, 1), bound: recoveryBound,
	}
	drop, err := s.createDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() {
		s.close(ctx)
		err = errors.Join(err, drop())
	}()
	s.line("working in database %s at %s, which is dropped at the end", s.database, s.address)
	start := time.Now()
	results := s.showAll(ctx, p)
	if ctx.Err() != nil {
		fmt.Fprintf(s.out, "\nInterrupted: dropping %s\n", s.database)
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return s.summary(p, results, time.Since(start))
}

// showAll shows the parts until ctx ends or one that is needed fails.
func (s *stage) showAll(ctx context.Context, p program) []result {
	var results []result
	for i, part := range p.parts {
		if ctx.Err() != nil {
			break
		}
		s.heading(i+1, len(p.parts), part.title)
		begin := time.Now()
		finding, err := part.show(ctx, s)
		if ctx.Err() != nil {
			break // what it returned is only that
		}
		results = append(results, result{finding, time.Since(begin), err})
		if err == nil {
			s.line("held: %s", finding)
			continue
		}
		s.line("DID NOT HOLD: %v", err)
		if i < p.needed {
			break
		}
	}
	return results
}

// summary writes a table of all parts, and returns [ErrFailed] unless all held.
func (s *stage) summary(p program, results []result, took time.Duration) error {
	rows, held := [][]string{{"PART", "HELD", "TIME", "FINDING"}}, 0
	for i, part := range p.parts {
		row := []string{part.title, "-", "-", "not shown"}
		if i < len(results) {
			row = append([]string{part.title}, results[i].row()...)
			if results[i].err == nil {
				held++
			}
		}
		rows = append(rows, row)
	}
	fmt.Fprintf(s.out, "\nSummary\n\n")
	s.table(rows)
	fmt.Fprintf(s.out, "\n      %d of %d parts held, in %v\n", held, len(p.parts), brief(took))
	if held < len(p.parts) {
		return ErrFailed
	}
	return nil
}

// row is r in the summary, after the title.
func (r result) row() []string {
	if r.err != nil {
		return []string{"NO", brief(r.took).String(), strings.Join(strings.Fields(r.err.Error()), " ")} // errors may have several lines
	}
	return []string{"yes", brief(r.took).String(), r.finding}
}

// close releases the pool. It waits a bounded time for what is still in use.
// It does not follow ctx, which may have ended.
func (s *stage) close(ctx context.Context) {
	if s.db == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.db.Close(ctx); err != nil {
		s.line("closing the pool: %v", err)
	}
}
