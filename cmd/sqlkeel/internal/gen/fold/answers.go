package fold

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Answer is the outcome of a condition in SQL.
type Answer uint8

const (
	Null Answer = iota
	Yes
	No
)

// Answers are the outcomes of a condition on one placeholder for its values.
type Answers struct {
	Values []generated.Value // those that make a difference; NULL is one of them
	Of     []Answer          // for each of Values
	Rest   Answer            // for any other value, should there be one
}

// AnswersOf returns what a condition answers. condition is the analysed form of a SELECT
// whose only column it is, and whose only placeholder is $1. ok is false when the
// outcome does not follow from the value by the tests on the list.
func AnswersOf(cat *catalog.Catalog, condition *tree.Node) (a Answers, ok bool) {
	columns := condition.List("targetList")
	if len(columns) != 1 {
		return a, false
	}
	n := columns[0].Child("expr")
	answer := func(s State) (Answer, bool) {
		t := truthOf((&folding{cat: cat, full: true, assumed: Assumption{1: s}}).node(n))
		return [...]Answer{null: Null, yes: Yes, no: No}[t], t != open
	}
	values := (&folding{cat: cat, full: true}).values(n)
	outcomes := make([]Answer, len(values))
	for i, v := range values {
		if outcomes[i], ok = answer(is(v)); !ok {
			return a, false
		}
	}
	choosesTruth := false
	if n := len(values); values[n-1].Kind == generated.Bool { // true and false are all there is
		a.Rest, choosesTruth = outcomes[n-1], outcomes[n-2] != outcomes[n-1]
	} else if a.Rest, ok = answer(State{Not: values}); !ok {
		return a, false
	}
	for i, v := range values {
		if v == isNull || choosesTruth || outcomes[i] != a.Rest {
			a.Values, a.Of = append(a.Values, v), append(a.Of, outcomes[i])
		}
	}
	return a, true
}

// values returns the values that a condition on a placeholder speaks of: NULL, its
// constants, and those that its type has of itself.
func (f *folding) values(n *tree.Node) []generated.Value {
	list := []generated.Value{isNull}
	add := func(v generated.Value) {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	in := noFamily
	tree.Value{Node: n}.Walk(func(n *tree.Node) bool {
		if placeholder(n) {
			in = f.familyOf(n.OID("paramtype"))
		}
		return true
	})
	switch in {
	case boolean:
		add(generated.Truth(true, true))
		add(generated.Truth(false, true))
		return list
	case array:
		add(generated.Value{Kind: generated.Empty})
		return list
	}
	tree.Value{Node: n}.Walk(func(n *tree.Node) bool {
		constants, _ := f.elements(n)
		if c, known := f.literal(n); known {
			constants = append(constants, c)
		}
		for _, c := range constants {
			if c.family == in && c.Is != nil {
				add(*c.Is)
			}
		}
		return true
	})
	return list
}
