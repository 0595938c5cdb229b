package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/pgserver"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/repo"
)

// Options say what is shown, and where.
type Options struct {
	Server   *pgserver.Server
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

// needed are the parts that the others stand on: when one of them fails, there
// is nothing further to show.
var needed = []part{
	{"migrations", migrateUp},
	{"bulk load with COPY", loadData},
	{"connecting", connect},
}

var shown = []part{
	{"connection pool under stress", stressPool},
	{"dynamic search, no string building", search},
	{"reports", reports},
	{"contended transfers, SERIALIZABLE", transfers},
	{"batch job killed and resumed", batchJob},
	{"N+1 against one round trip", nPlusOne},
	{"cached against direct reads", cachedReads},
	{"server lost under load", serverLost},
	{"health report", health},
}

// stage is what the parts work on.
type stage struct {
	screen
	opts     Options
	database string // the demonstration's own
	dsn      string // of that database
	db       *db.DB
	repo     *repo.Repo
	retries  *retryCounter
	reports  chan db.Report // each change of health
}

// result is a line of the summary.
type result struct {
	title, finding string
	took           time.Duration
	err            error
}

// Run shows everything and returns [ErrFailed] when a part did not hold, or
// ctx's error when it was interrupted. The database it makes is gone when it
// returns; an error says when that could not be done.
func Run(ctx context.Context, opts Options) (err error) {
	s := &stage{screen: screen{out: opts.Out, terminal: opts.Terminal}, opts: opts, retries: &retryCounter{}, reports: make(chan db.Report, 64)}
	drop, err := s.createDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() {
		s.close(ctx)
		err = errors.Join(err, drop())
	}()
	start := time.Now()
	results := s.showAll(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return s.summary(results, time.Since(start))
}

func (s *stage) showAll(ctx context.Context) []result {
	var results []result
	all := len(needed) + len(shown)
	for i, p := range append(append([]part{}, needed...), shown...) {
		if ctx.Err() != nil {
			break
		}
		s.heading(i+1, all, p.title)
		begin := time.Now()
		finding, err := p.show(ctx, s)
		results = append(results, result{p.title, finding, time.Since(begin), err})
		if err != nil {
			s.line("DID NOT HOLD: %v", err)
			if i < len(needed) {
				break
			}
		}
	}
	return results
}

func (s *stage) summary(results []result, took time.Duration) error {
	rows, failed := [][]string{{"PART", "HELD", "TIME", "FINDING"}}, 0
	for _, r := range results {
		held, finding := "yes", r.finding
		if r.err != nil {
			held, finding = "NO", r.err.Error()
			failed++
		}
		rows = append(rows, []string{r.title, held, brief(r.took).String(), finding})
	}
	fmt.Fprintf(s.out, "\nSummary\n\n")
	s.table(rows)
	fmt.Fprintf(s.out, "\n      %d of %d parts held, in %v\n", len(results)-failed, len(needed)+len(shown), brief(took))
	if failed > 0 || len(results) < len(needed)+len(shown) {
		return ErrFailed
	}
	return nil
}

// close releases the pool. It waits a bounded time for what is still in use.
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

// asAdmin runs fn on a connection to the server's maintenance database.
func (s *stage) asAdmin(ctx context.Context, fn func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.opts.Server.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return fn(ctx, conn)
}
