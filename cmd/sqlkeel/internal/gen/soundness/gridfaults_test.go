package soundness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// fault is a place of which less, or something else, is said than of the statement
// itself, or in which PostgreSQL did what was not said.
type fault struct {
	what        string // the kind of fault
	seed        uint64
	number      int
	first, site *seen
	did         string // what PostgreSQL did
}

// vague reports whether more is said than need be, which is right and of less use.
func (f fault) vague() bool { return f.what == "unknown" || strings.HasPrefix(f.what, "coarser") }

func (f fault) String() string {
	return fmt.Sprintf("seed %d, grid %d: %s: %s\n%s\n%s: %s\n  %s\n%s: %s\n  %s\nPostgreSQL: %s",
		f.seed, f.number, f.what, f.site, f.site.script(),
		f.first.place.name, f.first.statement().sql, brief(f.first.said), f.site.place.name, f.site.statement().sql, brief(f.site.said), f.did)
}

// brief is what is said of a site.
func brief(e *stmt.Effects) string {
	return fmt.Sprintf("reads %v changes %v locks %v anything %v readsAnything %v readOnly %v volatile %v unkept %q",
		e.Reads, changesOf(e), e.Locks, e.Anything, e.ReadsAnything, e.ReadOnly, e.Volatile, e.NotCacheable)
}

func (t *gridTrial) fault(what string, first, s *seen, did string) {
	t.faults = append(t.faults, fault{what, t.seed, t.grid.number, first, s, did})
}

// compareAll holds what is said of each site against what is said of the first, and
// against the rows that it changed.
func (t *gridTrial) compareAll() {
	for _, row := range t.rows {
		first := row[0]
		for _, s := range row {
			if s.said.Anything || s.said.ReadsAnything && s.place.write == "" {
				t.tally.unknown++
				t.fault("unknown", first, s, "runs it")
			}
			t.changed(first, s)
			for _, f := range less(first.said, s) {
				t.fault(f, first, s, s.did())
			}
			if c := coarser(first.said, s); c != "" {
				t.tally.coarse++
				t.fault("coarser: "+c, first, s, s.did())
			}
		}
	}
}

// did is what PostgreSQL was seen to do.
func (s *seen) did() string {
	var changed []string
	for i, one := range s.tables {
		if len(differences(one.rows, counted(s.after[i]))) > 0 {
			changed = append(changed, one.spelled)
		}
	}
	return fmt.Sprintf("changed %v and returned %s", changed, s.result.text)
}

// less is what is said of the first and not of the site.
func less(first *stmt.Effects, s *seen) (list []string) {
	e := s.said
	lacks := func(all, some []string) bool {
		return slices.ContainsFunc(all, func(r string) bool { return !slices.Contains(some, r) })
	}
	if !e.Anything && lacks(changesOf(first), changesOf(e)) {
		list = append(list, "effects")
	}
	if s.place.write != "" {
		return list
	}
	if e.ReadOnly && !first.ReadOnly {
		list = append(list, "read_only")
	}
	if s.place.idle {
		return list
	}
	if !e.ReadsAnything && lacks(slices.Concat(first.Reads, first.Locks), slices.Concat(e.Reads, e.Locks)) {
		list = append(list, "reads")
	}
	if e.NotCacheable == "" && first.NotCacheable != "" {
		list = append(list, "cacheable")
	}
	if first.Volatile && !e.Volatile && !e.ReadsAnything {
		list = append(list, "volatile")
	}
	return list
}

// coarser is what is said of the site, of no relation that is its own, and not of
// the first.
func coarser(first *stmt.Effects, s *seen) string {
	e := s.said
	foreign := func(all, some []string) bool {
		return slices.ContainsFunc(all, func(r string) bool { return !slices.Contains(some, r) && !s.owns(r) })
	}
	var list []string
	if foreign(changesOf(e), changesOf(first)) {
		list = append(list, "effects")
	}
	if s.place.write == "" {
		if foreign(e.Reads, slices.Concat(first.Reads, changesOf(first))) && !s.place.idle {
			list = append(list, "reads")
		}
		if first.ReadOnly && !e.ReadOnly && len(changesOf(e)) == 0 {
			list = append(list, "read_only")
		}
		if first.NotCacheable == "" && e.NotCacheable != "" && !s.place.visits && !s.place.idle && len(changesOf(e)) == 0 {
			list = append(list, "cacheable")
		}
	}
	return strings.Join(list, ", ")
}

// owns reports whether a relation belongs to the site.
func (s *seen) owns(relation string) bool {
	if strings.HasSuffix(relation, "src") || strings.HasSuffix(relation, "sink") {
		return true
	}
	return slices.ContainsFunc(s.numbers, func(n int) bool { return strings.HasSuffix(relation, fmt.Sprintf("_%d", n)) })
}

// changed holds each row that a site changed against what is said of it.
func (t *gridTrial) changed(first, s *seen) {
	run := stmt.Run{Effects: s.said, Rows: s.result.rows}
	wrote := false
	for i, one := range s.tables {
		for _, row := range differences(one.rows, counted(s.after[i])) {
			wrote = true
			for j, c := range s.after[i].names {
				for _, relation := range []string{t.named(one.oid), t.root(one.oid)} {
					if !run.Affects(point(relation, c, row[j])) {
						t.fault("a row changed", first, s, fmt.Sprintf("changed %s of %s: %s", c, relation, show(row)))
						return
					}
				}
			}
		}
	}
	if wrote {
		t.tally.wrote++
		if s.said.ReadOnly {
			t.fault("a row changed", first, s, s.did()+", and it is said to be read-only")
		}
	}
}

// values are the sites of which a claim is made.
func (t *gridTrial) values(claim func(*seen) bool) (list []*seen, first map[*seen]*seen) {
	first = map[*seen]*seen{}
	for _, row := range t.rows {
		for _, s := range row {
			if s.place.write == "" && claim(s) {
				list = append(list, s)
				first[s] = row[0]
			}
		}
	}
	return list, first
}

// touch changes each table below a site and asks again: what differs was read.
func (t *gridTrial) touch(ctx context.Context) error {
	list, first := t.values(func(s *seen) bool { return !s.said.Volatile && !s.said.ReadsAnything })
	p := t.runs.StartPipeline(ctx)
	for _, s := range list {
		sendAlone(p, []string{fmt.Sprintf("UPDATE d_%d SET v = v + 1000", s.numbers[0]), s.as()}, s.statement().sql)
	}
	answers, err := collect(p)
	if err != nil {
		return err
	}
	for i, s := range list {
		if a := answers[2*i]; a.err == nil && a.results[3].text != s.result.text {
			name := fmt.Sprintf("d_%d", s.numbers[0])
			if !slices.ContainsFunc(s.said.Reads, func(r string) bool { return strings.HasSuffix(r, name) }) {
				t.fault("a read", first[s], s, fmt.Sprintf("returns %s, and after a change of %s %s", s.result.text, name, a.results[3].text))
			}
		}
	}
	return nil
}

// elsewhereAll runs what may be kept later in another session.
func (t *gridTrial) elsewhereAll(ctx context.Context) error {
	list, first := t.values(func(s *seen) bool { return s.said.NotCacheable == "" })
	answers, err := t.again(ctx, t.runs, list, append(settings(), "SET LOCAL ROLE "+stranger))
	if err != nil {
		return err
	}
	t.tally.kept += len(list)
	for i, s := range list {
		if did, same := t.same(s, answers[2*i]); !same {
			t.fault("differs elsewhere", first[s], s, did)
		}
	}
	return nil
}

// onStandbyAll runs what only reads on the standby.
func (t *gridTrial) onStandbyAll(ctx context.Context) error {
	list, first := t.values(func(s *seen) bool { return s.said.ReadOnly })
	if err := t.settle(ctx); err != nil {
		return err
	}
	answers, err := t.again(ctx, t.standby, list, nil)
	if err != nil {
		return err
	}
	t.tally.readOnly += len(list)
	for i, s := range list {
		a := answers[2*i]
		if did, same := t.same(s, a); refusedThere(a.err) || !same && s.said.NotCacheable == "" {
			t.fault("the standby", first[s], s, did)
		}
	}
	return nil
}

// refusedThere reports whether an error is that of a server in recovery.
func refusedThere(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "25006" || refused.Code == "55000" || refused.Code == "0A000")
}

// again runs sites each in a transaction of its own.
func (t *gridTrial) again(ctx context.Context, conn *pgconn.PgConn, list []*seen, before []string) ([]answer, error) {
	p := conn.StartPipeline(ctx)
	for _, s := range list {
		set := []string{s.as()}
		if len(before) > 0 {
			set = before
		}
		sendAlone(p, set, s.statement().sql)
	}
	return collect(p)
}

// same compares a result with that of the first run.
func (t *gridTrial) same(s *seen, a answer) (did string, same bool) {
	if a.err != nil {
		return a.err.Error(), false
	}
	got := a.results[len(a.results)-1].text
	return fmt.Sprintf("returns %s, and then %s", s.result.text, got), got == s.result.text
}

// settings are those of another session.
func settings() []string {
	var list []string
	for s := range strings.SplitSeq(elsewhere, ";") {
		list = append(list, strings.TrimSpace(s))
	}
	return list
}
