package txn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

// An outcome is what came of a performance.
type outcome struct {
	actors []*actor
	state  string
}

// refused reports whether err says that the transaction was refused for the
// sake of others.
func refused(err error) bool {
	code := pgerr.Code(err)
	return code == "40001" || code == "40P01"
}

// present is the set of roles that were not refused, one bit each.
func (o *outcome) present() (set int) {
	for i, a := range o.actors {
		if !refused(a.err) {
			set |= 1 << i
		}
	}
	return set
}

// An ending is what a transaction returned.
type ending struct {
	saw []string
	err error
}

func (e *ending) String() string {
	switch code := pgerr.Code(e.err); {
	case code != "":
		return "error " + code
	case e.err != nil:
		return e.err.Error()
	}
	return strings.Join(e.saw, "; ")
}

// line says what a set of roles saw, and what they left behind.
func line(set int, endings []*ending, state string) string {
	var b strings.Builder
	for _, i := range members(set) {
		fmt.Fprintf(&b, "%c: %v\n", 'A'+i, endings[i])
	}
	return b.String() + "left: " + state
}

func (o *outcome) String() string {
	var endings []*ending
	for _, a := range o.actors {
		endings = append(endings, &a.ending)
	}
	return line(o.present(), endings, o.state)
}

// explained reports whether some serial order of the roles that were not refused
// has the same outcome. All of those orders are performed, once.
func (s *stage) explained(o *outcome) bool {
	s.t.Helper()
	set := o.present()
	known := s.serial[set]
	if known == nil {
		known = map[string]bool{}
		for _, order := range permutations(members(set)) {
			known[s.oneByOne(set, order)] = true
		}
		s.serial[set] = known
	}
	return known[o.String()]
}

// oneByOne performs roles one after another.
func (s *stage) oneByOne(set int, order []int) string {
	s.t.Helper()
	s.reset()
	endings := make([]*ending, len(s.play.roles))
	for _, i := range order {
		r := &s.play.roles[i]
		saw, err := txn.Do(s.ctx, s.runner, r.op(pgx.Serializable, 1),
			func(ctx context.Context, tx *txn.Tx) ([]string, error) { return r.perform(ctx, tx, noTurn) })
		if refused(err) {
			s.t.Fatalf("%s: %c is refused though it is alone: %v", s.play.name, 'A'+i, err)
		}
		endings[i] = &ending{saw, err}
	}
	return line(set, endings, s.state())
}

func members(set int) (all []int) {
	for i := 0; set>>i != 0; i++ {
		if set&(1<<i) != 0 {
			all = append(all, i)
		}
	}
	return all
}

func permutations(of []int) [][]int {
	if len(of) == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for i, first := range of {
		var rest []int
		rest = append(append(rest, of[:i]...), of[i+1:]...)
		for _, tail := range permutations(rest) {
			all = append(all, append([]int{first}, tail...))
		}
	}
	return all
}

// A tally counts what happened in the performances of a check.
type tally struct{ performances, refusals, repeats, waits, torn int }

func (n *tally) add(o *outcome) {
	n.performances++
	for _, a := range o.actors {
		if refused(a.err) {
			n.refusals++
		}
		if a.waited {
			n.waits++
		}
		n.repeats += max(0, a.attempt-1)
		n.torn += a.torn
	}
}

// check performs the play in all of the orders, until one has an outcome that
// cannot be: one that no serial order explains, or a refusal of what can always
// be done. With one attempt others may be refused; with more nothing may.
func (s *stage) check(orders []string, level pgx.TxIsoLevel, attempts int) (tally, error) {
	s.t.Helper()
	var n tally
	for _, order := range orders {
		o := s.perform(order, level, attempts)
		n.add(&o)
		if err := s.judge(&o, attempts); err != nil {
			return n, fmt.Errorf("%s in the order %s at %s, attempts %d: %w", s.play.name, order, level, attempts, err)
		}
	}
	return n, nil
}

func (s *stage) judge(o *outcome, attempts int) error {
	s.t.Helper()
	for i, a := range o.actors {
		var unknown *txn.CommitUnknownError
		switch {
		case errors.As(a.err, &unknown):
			return fmt.Errorf("%c does not know its end: %w", 'A'+i, a.err)
		case refused(a.err) && (attempts > 1 || a.role.deferrable):
			return fmt.Errorf("%c is refused: %w", 'A'+i, a.err)
		case a.err == nil && a.torn > 0 && a.attempt <= a.torn:
			return fmt.Errorf("%c met %d conflicts in savepoints and was committed by attempt %d", 'A'+i, a.torn, a.attempt)
		case a.parts > a.attempt:
			return fmt.Errorf("%c began its savepoint %d times in %d attempts", 'A'+i, a.parts, a.attempt)
		}
	}
	if !s.explained(o) {
		return fmt.Errorf("no serial order explains\n%v", o)
	}
	return nil
}
