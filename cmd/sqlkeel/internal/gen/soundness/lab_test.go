package soundness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// lab is a database in which one scenario after the other is tried.
type lab struct {
	runs    *pgconn.PgConn // runs statements
	looks   *pgx.Conn      // analyses them
	standby *pgconn.PgConn // follows; nil when there is none
	prepped int            // statements that are prepared on runs
}

func newLab(t testing.TB) *lab {
	t.Helper()
	db := pgtest.New(t)
	l := &lab{runs: db.Conn().PgConn(), looks: db.Conn()}
	l.begin(t)
	return l
}

// A random body may run for ever; to drop a large schema, or to wait for a standby,
// may take long.
const (
	hurried   = "SET statement_timeout = '3s'"
	unhurried = "SET statement_timeout = 0"
)

// here is how a lab's sessions are set.
const here = hurried + "; SET jit = off; SET client_min_messages = error; SET max_stack_depth = '500kB'; SET TimeZone = 'UTC'"

func (l *lab) begin(t testing.TB) {
	t.Helper()
	if err := l.do(t.Context(), here); err != nil {
		t.Fatal(err)
	}
}

// do runs statements that take no arguments.
func (l *lab) do(ctx context.Context, sql string) error {
	_, err := l.runs.Exec(ctx, sql).ReadAll()
	return err
}

// build makes the schema anew. It returns for each statement why the server refused
// it, or nil; what it refused is simply not there.
func (l *lab) build(ctx context.Context, setup []string) (refused []error, err error) {
	for _, sql := range []string{unhurried, `DROP SCHEMA IF EXISTS public, "Other Place" CASCADE; CREATE SCHEMA public`, hurried} {
		if err := l.do(ctx, sql); err != nil {
			return nil, err
		}
	}
	p := l.runs.StartPipeline(ctx)
	for _, sql := range setup {
		p.SendQueryParams(sql, nil, nil, nil, nil)
		p.SendPipelineSync()
	}
	answers, err := collect(p)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		refused = append(refused, a.err)
	}
	return refused, nil
}

// prepare prepares the reads as r0, r1 and so on, instead of those of the scenario
// before. errs tells which of them the server refuses.
func (l *lab) prepare(ctx context.Context, reads []statement) (errs []error, err error) {
	p := l.runs.StartPipeline(ctx)
	for i := range l.prepped {
		p.SendDeallocate(fmt.Sprintf("r%d", i))
		p.SendPipelineSync()
	}
	for i, r := range reads {
		p.SendPrepare(fmt.Sprintf("r%d", i), r.sql, nil)
		p.SendPipelineSync()
	}
	answers, err := collect(p)
	if err != nil {
		return nil, err
	}
	for _, a := range answers[l.prepped:] {
		errs = append(errs, a.err)
	}
	l.prepped = len(reads)
	return errs, nil
}

// answer is what came back until one sync.
type answer struct {
	results []result // of the statements before the error, if any
	err     error
}

// result is the rows of one statement.
type result struct {
	names []string
	rows  [][]any // as a caller of pgx would have them; nil when there are no columns
	text  string  // all rows in the format of the server, sorted
}

// collect ends a pipeline and reads everything from it.
func collect(p *pgconn.Pipeline) ([]answer, error) {
	if err := p.Flush(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	var answers []answer
	var a answer
	for {
		got, err := p.GetResults()
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused):
			a.err = refused
			continue
		case err != nil:
			return nil, errors.Join(err, p.Close())
		}
		switch got := got.(type) {
		case *pgconn.ResultReader:
			r, err := read(got)
			if err != nil {
				if a.err = err; !errors.As(err, &refused) {
					return nil, errors.Join(err, p.Close())
				}
				continue
			}
			a.results = append(a.results, r)
		case *pgconn.PipelineSync:
			answers = append(answers, a)
			a = answer{}
		case nil:
			return answers, p.Close()
		}
	}
}

// read reads one result.
func read(reader *pgconn.ResultReader) (result, error) {
	var r result
	fields := reader.FieldDescriptions()
	if len(fields) > 0 {
		r.rows = [][]any{}
	}
	for _, f := range fields {
		r.names = append(r.names, f.Name)
	}
	var lines []string
	for reader.NextRow() {
		row := make([]any, len(fields))
		var line strings.Builder
		for i, text := range reader.Values() {
			if row[i] = string(text); fields[i].Format == 0 {
				row[i] = parsed(text, fields[i].DataTypeOID)
			}
			if text == nil {
				line.WriteString("NULL")
			} else {
				fmt.Fprintf(&line, "%q", text)
			}
			line.WriteByte(' ')
		}
		r.rows = append(r.rows, row)
		lines = append(lines, line.String())
	}
	slices.Sort(lines)
	r.text = strings.Join(lines, "\n")
	_, err := reader.Close()
	return r, err
}

// encoded are the arguments in text format.
func encoded(args []any) [][]byte {
	list := make([][]byte, len(args))
	for i, a := range args {
		list[i] = wire(a)
	}
	return list
}
