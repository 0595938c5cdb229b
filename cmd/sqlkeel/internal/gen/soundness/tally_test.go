package soundness

import "fmt"

// pair is one write held against one read, with all the read's arguments.
type pair struct {
	idle     bool // no table changed
	related  bool // their relations meet
	apart    bool // but not their columns
	narrowed bool // a row key told that some arguments are not affected
	changed  bool // a result changed
	foretold bool
}

// add adds what was seen with one set of arguments.
func (p *pair) add(affects, changed bool) {
	p.foretold = p.foretold || affects
	p.narrowed = p.narrowed || p.related && !p.apart && !affects
	p.changed = p.changed || changed
}

// tally counts what was tried, so that a run which proves nothing is seen.
type tally struct {
	schemas, ddl, refusedDDL int
	refused, failed, void    int
	pairs, idle              int
	changed                  int
	related, narrowed        int
	apart                    int
	foretold                 int
	kept, elsewhere          int
	onStandby                int
}

func (t *tally) count(p pair) {
	if p.idle && !p.changed {
		t.idle++
		return
	}
	t.pairs++
	for _, c := range []struct {
		is bool
		n  *int
	}{{p.changed, &t.changed}, {p.related, &t.related}, {p.apart, &t.apart}, {p.narrowed, &t.narrowed}, {p.foretold, &t.foretold}} {
		if c.is {
			*c.n++
		}
	}
}

func (t *tally) plus(u tally) {
	t.schemas += u.schemas
	t.ddl += u.ddl
	t.refusedDDL += u.refusedDDL
	t.refused += u.refused
	t.failed += u.failed
	t.void += u.void
	t.pairs += u.pairs
	t.idle += u.idle
	t.changed += u.changed
	t.related += u.related
	t.narrowed += u.narrowed
	t.apart += u.apart
	t.foretold += u.foretold
	t.kept += u.kept
	t.elsewhere += u.elsewhere
	t.onStandby += u.onStandby
}

// failures counts the errors that are not nil.
func failures(errs []error) (n int) {
	for _, err := range errs {
		if err != nil {
			n++
		}
	}
	return n
}

// share is n of all, in percent.
func share(n, all int) float64 { return 100 * float64(n) / float64(max(all, 1)) }

func (t *tally) String() string {
	return fmt.Sprintf("%d schemas, %d pairs: %.1f %% changed, %.1f %% foretold, relations meet in %.1f %%, row keys narrow %.1f %% of those, and columns are apart in %.1f %%; "+
		"%d idle pairs; %d results may be kept, %d differ in another session; %d ran on a standby; refused: %.1f %% of the schemas' statements, %d others; %d writes failed; %d reads find nothing",
		t.schemas, t.pairs, share(t.changed, t.pairs), share(t.foretold, t.pairs), share(t.related, t.pairs), share(t.narrowed, t.related), share(t.apart, t.related),
		t.idle, t.kept, t.elsewhere, t.onStandby, share(t.refusedDDL, t.ddl), t.refused, t.failed, t.void)
}
