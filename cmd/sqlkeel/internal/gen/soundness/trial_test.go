package soundness

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// analysis says what each statement of a scenario does; nil for one that could not
// be analysed.
type analysis struct {
	reads, writes []*stmt.Effects
	// named is the relation's name in effects; root that of the topmost table that
	// it is a partition of.
	named, root func(oid uint32) string
}

// analyst works out what the statements of a scenario do, on its schema.
type analyst func(ctx context.Context, l *lab, s *scenario) (analysis, error)

// trial is one scenario, built and analysed, and what was seen of it.
type trial struct {
	*lab
	*scenario
	analysis
	before [][]string // results by read and argument set
	tables []*table
	tally  tally
	misses []miss
}

// miss is a result that changed although the effects said it would not.
type miss struct {
	read, write       statement
	readBy, writeBy   stmt.Run
	before, after     string
	readNth, writeNth int
}

func (m miss) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "write: %s\n  with %s\n  %+v\n", m.write.sql+" "+m.write.command, show(m.writeBy.Args), *m.writeBy.Effects)
	fmt.Fprintf(&b, "read: %s\n  with %s\n  %+v\n", m.read.sql, show(m.readBy.Args), *m.readBy.Effects)
	fmt.Fprintf(&b, "before:\n%s\nafter:\n%s", m.before, m.after)
	return b.String()
}

// try builds a scenario, runs all writes with all reads around each, and compares.
//
// Each write is rolled back, so that all start from the same rows and the reads
// before it run once. Nothing is lost by that: after SET CONSTRAINTS ALL IMMEDIATE
// no work is left for the commit, and what the transaction sees of its own write is
// what others would see of it.
func (l *lab) try(ctx context.Context, s *scenario, analyse analyst) (*trial, error) {
	t := &trial{lab: l, scenario: s}
	refused, err := l.build(ctx, s.setup)
	if err != nil {
		return nil, err
	}
	t.tally.schemas, t.tally.ddl, t.tally.refusedDDL = 1, len(s.setup), failures(refused)
	if t.analysis, err = analyse(ctx, l, s); err != nil {
		return nil, err
	}
	if t.tables, err = l.watch(ctx); err != nil {
		return nil, err
	}
	if err := t.first(ctx); err != nil {
		return nil, err
	}
	if err := t.tryElsewhere(ctx); err != nil {
		return nil, err
	}
	if err := t.tryStandby(ctx); err != nil {
		return nil, err
	}
	for i := range s.writes {
		if t.analysis.writes[i] == nil {
			t.tally.refused++
			continue
		}
		if err := t.tryWrite(ctx, i); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// first runs all reads on the rows as they are. A read that the server refuses, or
// that finds nothing in a sieved scenario, is left out from here on.
func (t *trial) first(ctx context.Context) error {
	errs, err := t.prepare(ctx, t.scenario.reads)
	if err != nil {
		return err
	}
	p := t.runs.StartPipeline(ctx)
	t.sendRole(p, "SET ROLE")
	p.SendPipelineSync()
	for i, r := range t.scenario.reads {
		if errs[i] == nil {
			t.send(p, i, r)
		}
		p.SendPipelineSync()
	}
	p.SendQueryParams("RESET ROLE", nil, nil, nil, nil)
	p.SendPipelineSync()
	t.sendState(p)
	p.SendPipelineSync()
	answers, err := collect(p)
	if err != nil {
		return err
	}
	if answers[0].err != nil {
		return answers[0].err
	}
	last := len(answers) - 1
	for i, r := range answers[last].results {
		t.tables[i].rows = counted(r)
	}
	answers = answers[1 : last-1]
	t.before = make([][]string, len(answers))
	for i, a := range answers {
		if errs[i] != nil || a.err != nil || t.analysis.reads[i] == nil {
			t.tally.refused++
			t.analysis.reads[i] = nil
			continue
		}
		full := false
		for _, r := range a.results {
			t.before[i] = append(t.before[i], r.text)
			full = full || len(r.rows) > 0
		}
		if !full && t.sieved {
			t.tally.void++
			t.analysis.reads[i] = nil
		}
	}
	return nil
}

// tryWrite runs a write with the first arguments that make it change rows, and
// compares all results.
func (t *trial) tryWrite(ctx context.Context, nth int) error {
	w := t.scenario.writes[nth]
	for turn, args := range w.args {
		a, err := t.around(ctx, w.sql, args)
		if err != nil {
			return err
		}
		if a.err != nil {
			t.tally.failed++
			continue
		}
		run := stmt.Run{Effects: t.analysis.writes[nth], Args: args, Rows: w.seen(a.results[1].rows)}
		state := len(a.results) - len(t.tables)
		idle := t.compareState(nth, run, a.results[state:])
		t.compareColumns(nth, run, a.results[state:])
		if idle && turn < len(w.args)-1 {
			continue
		}
		t.compare(nth, run, a.results[4:state-1], idle)
		return nil
	}
	return nil
}

// compareState holds each changed row of each table against the effects: the table
// must be among what they say is changed, and any key must have the row's value.
func (t *trial) compareState(nth int, write stmt.Run, after []result) (idle bool) {
	idle = true
	for i, one := range t.tables {
		for _, changed := range differences(one.rows, counted(after[i])) {
			idle = false
			for j, c := range after[i].names {
				for _, relation := range []string{t.named(one.oid), t.root(one.oid)} {
					if read := point(relation, c, changed[j]); !write.Affects(read) {
						t.misses = append(t.misses, miss{read: statement{sql: "(any read of the row by " + c + ")"}, write: t.scenario.writes[nth],
							readBy: read, writeBy: write, before: show(changed), readNth: -1, writeNth: nth})
					}
				}
			}
		}
	}
	return idle
}

// around runs the write and then all reads in a transaction that is rolled back.
func (t *trial) around(ctx context.Context, sql string, args []any) (answer, error) {
	p := t.runs.StartPipeline(ctx)
	p.SendQueryParams("BEGIN", nil, nil, nil, nil)
	p.SendQueryParams(sql, encoded(args), nil, nil, nil)
	p.SendQueryParams("SET CONSTRAINTS ALL IMMEDIATE", nil, nil, nil, nil)
	t.sendRole(p, "SET LOCAL ROLE")
	for i, r := range t.scenario.reads {
		if t.analysis.reads[i] != nil {
			t.send(p, i, r)
		}
	}
	p.SendQueryParams("RESET ROLE", nil, nil, nil, nil)
	t.sendState(p)
	p.SendPipelineSync()
	p.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
	p.SendPipelineSync()
	answers, err := collect(p)
	if err != nil {
		return answer{}, err
	}
	return answers[0], nil
}

// sendRole changes to the role that reads, if there is one.
func (t *trial) sendRole(p *pgconn.Pipeline, set string) {
	sql := "SET CONSTRAINTS ALL IMMEDIATE" // outside of a transaction: nothing
	if t.role != "" {
		sql = set + " " + t.role
	}
	p.SendQueryParams(sql, nil, nil, nil, nil)
}

// send adds a prepared read with all its arguments to the pipeline.
func (t *trial) send(p *pgconn.Pipeline, nth int, r statement) {
	for _, args := range r.args {
		p.SendQueryPrepared(fmt.Sprintf("r%d", nth), encoded(args), nil, nil)
	}
}

// compare holds each result against the one before the write.
func (t *trial) compare(nth int, write stmt.Run, after []result, idle bool) {
	for i, r := range t.scenario.reads {
		effects := t.analysis.reads[i]
		if effects == nil {
			continue
		}
		p := pair{idle: idle, related: vague(write).Affects(vague(stmt.Run{Effects: effects}))}
		p.apart = p.related && !unkeyed(write).Affects(unkeyed(stmt.Run{Effects: effects}))
		for j, args := range r.args {
			read := stmt.Run{Effects: effects, Args: args}
			p.add(write.Affects(read), t.before[i][j] != after[0].text)
			if t.before[i][j] != after[0].text && !write.Affects(read) {
				t.misses = append(t.misses, miss{read: r, write: t.scenario.writes[nth], readBy: read, writeBy: write,
					before: t.before[i][j], after: after[0].text, readNth: i, writeNth: nth})
			}
			after = after[1:]
		}
		t.tally.count(p)
	}
}

// vague is the run with all that is known of rows and columns forgotten.
func vague(r stmt.Run) stmt.Run {
	r = unkeyed(r)
	r.ReadColumns, r.SetColumns = nil, nil
	return r
}

// unkeyed is the run with all that is known of rows forgotten.
func unkeyed(r stmt.Run) stmt.Run {
	e := *r.Effects
	e.ReadKeys, e.WriteKeys = nil, nil
	return stmt.Run{Effects: &e, Args: r.Args}
}
