package soundness

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// grid is one schema with each of a few expressions in each place.
type grid struct {
	seed   uint64
	number int
	rows   []gridRow
}

// gridRow is an expression with the places that it is in; the first is the
// statement alone.
type gridRow struct {
	expression *expression
	sites      []*site
}

// alone is the place with which others are compared.
var alone = place{name: "the statement itself", value: "E(X)"}

// gridPrelude is what places share.
var gridPrelude = []string{
	"CREATE TABLE src (x int)", "INSERT INTO src VALUES (5)",
	"CREATE TYPE pair AS (n int, e text)", "CREATE DOMAIN word AS text CHECK (VALUE <> 'none')", "CREATE TABLE sink (e text)",
	"CREATE PROCEDURE nothing(e text) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$",
}

// newGrid draws expressions and puts each into a share of all places. A grid with an
// even number has those that need no domain and no cast of one's own.
func newGrid(seed uint64, number, expressions int, share float64) *grid {
	g := &grammar{dice: newDice(seed, number)}
	var list []recipe
	for range expressions {
		list = append(list, g.draw())
	}
	families := plainFamilies
	if number%2 == 1 {
		families = typeFamilies
	}
	return gridOf(g, seed, number, list, families, share)
}

// gridOf puts expressions into places. It makes each anew for each family of
// places: what is wrongly said of all bodies because of a cast, say, does then not
// make up for what is missing.
func gridOf(g *grammar, seed uint64, number int, list []recipe, families [][]place, share float64) *grid {
	out := &grid{seed: seed, number: number}
	for _, r := range list {
		for _, family := range families {
			e := g.make(r)
			row := gridRow{expression: e, sites: []*site{g.put(e, alone)}}
			for _, p := range family {
				if g.chance(share) {
					row.sites = append(row.sites, g.put(e, p))
				}
			}
			out.rows = append(out.rows, row)
		}
	}
	return out
}

// seen is a site with what was said of it and what PostgreSQL did.
type seen struct {
	*site
	said   *stmt.Effects
	result result
	after  []result // rows of its tables
	tables []*table
}

// gridTrial is a grid that was built and run.
type gridTrial struct {
	*lab
	*grid
	named, root func(uint32) string
	rows        [][]*seen // those that PostgreSQL accepts
	refused     []string
	tally       gridTally
	faults      []fault
}

// refuse notes that PostgreSQL does not take a site.
func (t *gridTrial) refuse(s *site, why error) {
	t.tally.refused++
	t.refused = append(t.refused, fmt.Sprintf("%s: %v", s, why))
}

// gridTally counts what a trial showed.
type gridTally struct {
	expressions, places, refused int
	unknown, coarse              int
	wrote, readOnly, kept        int
}

func (t *gridTally) plus(u gridTally) {
	t.expressions += u.expressions
	t.places += u.places
	t.refused += u.refused
	t.unknown += u.unknown
	t.coarse += u.coarse
	t.wrote += u.wrote
	t.readOnly += u.readOnly
	t.kept += u.kept
}

func (t *gridTally) String() string {
	return fmt.Sprintf("%d expressions, %d places: %.2f %% unknown, %.2f %% coarser than the statement; %d write, %d ran on the standby, %d may be kept; PostgreSQL refused %d",
		t.expressions, t.places, share(t.unknown, t.places), share(t.coarse, t.places), t.wrote, t.readOnly, t.kept, t.refused)
}

// tryGrid builds a grid, has it analysed and holds what was said against the first
// place and against PostgreSQL.
func (l *lab) tryGrid(ctx context.Context, g *grid, analyse analyst) (*gridTrial, error) {
	t := &gridTrial{lab: l, grid: g}
	sites, err := t.raise(ctx)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	if err := t.runAll(ctx, sites); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	if err := t.ask(ctx, analyse); err != nil {
		return nil, fmt.Errorf("analyse: %w", err)
	}
	t.compareAll()
	if err := t.touch(ctx); err != nil {
		return nil, fmt.Errorf("touch: %w", err)
	}
	if err := t.elsewhereAll(ctx); err != nil {
		return nil, fmt.Errorf("elsewhere: %w", err)
	}
	if l.standby != nil {
		if err := t.onStandbyAll(ctx); err != nil {
			return nil, fmt.Errorf("standby: %w", err)
		}
	}
	return t, nil
}

// raise builds the schema and returns the sites whose statements were accepted.
func (t *gridTrial) raise(ctx context.Context) ([]*site, error) {
	setup := slices.Clone(gridPrelude)
	type span struct{ from, to int }
	add := func(list []string) span {
		setup = append(setup, list...)
		return span{len(setup) - len(list), len(setup)}
	}
	add(nil)
	var spans [][]span
	for _, r := range t.grid.rows {
		own := []span{add(r.expression.setup)}
		for _, s := range r.sites {
			own = append(own, add(s.setup))
		}
		spans = append(spans, own)
	}
	refused, err := t.build(ctx, setup)
	if err != nil {
		return nil, err
	}
	var list []*site
	for i, r := range t.grid.rows {
		for j, s := range r.sites {
			own := spans[i][j+1]
			if failures(refused[spans[i][0].from:spans[i][0].to])+failures(refused[own.from:own.to]) > 0 {
				t.refuse(s, errors.Join(refused[own.from:own.to]...))
				continue
			}
			list = append(list, s)
		}
	}
	return list, nil
}

var numbered = regexp.MustCompile(`_(\d+)$`)

// runAll runs each site alone, sees which rows that changes, and leaves out what
// PostgreSQL refuses.
func (t *gridTrial) runAll(ctx context.Context, sites []*site) error {
	tables, err := t.watch(ctx)
	if err != nil {
		return err
	}
	byNumber := map[int][]*table{}
	for _, one := range tables {
		if m := numbered.FindStringSubmatch(one.spelled); m != nil {
			n, _ := strconv.Atoi(m[1])
			byNumber[n] = append(byNumber[n], one)
		}
	}
	if err := t.rowsBefore(ctx, tables); err != nil {
		return err
	}
	p := t.runs.StartPipeline(ctx)
	var list []*seen
	for _, s := range sites {
		one := &seen{site: s}
		for _, n := range s.numbers {
			one.tables = append(one.tables, byNumber[n]...)
		}
		list = append(list, one)
		p.SendQueryParams("BEGIN", nil, nil, nil, nil)
		p.SendQueryParams(one.as(), nil, nil, nil, nil)
		p.SendQueryParams(s.statement().sql, nil, nil, nil, nil)
		p.SendQueryParams("SET CONSTRAINTS ALL IMMEDIATE", nil, nil, nil, nil)
		p.SendQueryParams("RESET ROLE", nil, nil, nil, nil)
		for _, table := range one.tables {
			p.SendQueryParams(table.query(), nil, nil, nil, nil)
		}
		p.SendPipelineSync()
		p.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
		p.SendPipelineSync()
	}
	answers, err := collect(p)
	if err != nil {
		return err
	}
	t.accept(list, answers)
	return nil
}

// as makes a transaction one of the role that runs a site.
func (s *site) as() string {
	if s.place.visits {
		return "SET LOCAL ROLE " + visitor
	}
	return "SET LOCAL ROLE NONE"
}

// rowsBefore reads all tables.
func (t *gridTrial) rowsBefore(ctx context.Context, tables []*table) error {
	p := t.runs.StartPipeline(ctx)
	for _, one := range tables {
		p.SendQueryParams(one.query(), nil, nil, nil, nil)
	}
	p.SendPipelineSync()
	answers, err := collect(p)
	if err != nil {
		return err
	}
	if answers[0].err != nil {
		return answers[0].err
	}
	for i, r := range answers[0].results {
		tables[i].rows = counted(r)
	}
	return nil
}

// query asks for a table's own rows.
func (t *table) query() string { return "SELECT * FROM ONLY " + t.spelled }

// accept keeps the sites that ran, those of an expression that itself ran.
func (t *gridTrial) accept(list []*seen, answers []answer) {
	var row []*seen
	end := func() {
		if len(row) > 0 {
			t.rows = append(t.rows, row)
			t.tally.expressions++
			t.tally.places += len(row) - 1
		}
		row = nil
	}
	var last *expression
	for i, one := range list {
		if one.expression != last {
			end()
			last = one.expression
		}
		a := answers[2*i]
		if a.err != nil || len(row) == 0 && one.place.name != alone.name {
			t.refuse(one.site, a.err)
			continue
		}
		one.result, one.after = a.results[2], a.results[5:]
		row = append(row, one)
	}
	end()
}

// ask has all sites analysed, those of a visitor as its statements.
func (t *gridTrial) ask(ctx context.Context, analyse analyst) error {
	s := &scenario{role: visitor}
	for _, row := range t.rows {
		for _, one := range row {
			if one.place.visits {
				s.reads = append(s.reads, one.statement())
			} else {
				s.writes = append(s.writes, one.statement())
			}
		}
	}
	a, err := analyse(ctx, t.lab, s)
	if err != nil {
		return err
	}
	t.named, t.root = a.named, a.root
	reads, writes := a.reads, a.writes
	for _, row := range t.rows {
		for _, one := range row {
			list := &writes
			if one.place.visits {
				list = &reads
			}
			one.said, *list = (*list)[0], (*list)[1:]
			if one.said == nil {
				return fmt.Errorf("%s: the analyzer refuses it: %s", one, one.statement().sql)
			}
		}
	}
	return nil
}

// effects are the relations that change.
func changesOf(e *stmt.Effects) []string { return slices.Concat(e.Writes, e.Reaches) }

// script is the schema that a site needs.
func (s *site) script() string {
	return strings.Join(slices.Concat(gridPrelude, s.expression.setup, s.setup), ";\n") + ";\n"
}
