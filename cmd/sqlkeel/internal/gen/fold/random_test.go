package fold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// drawer draws conditions by chance.
type drawer struct{ *rand.Rand }

func (r drawer) of(list ...string) string { return list[r.IntN(len(list))] }

// placeholders are the types of $1, $2, … in drawn conditions.
var placeholders = []string{"text", "varchar", "mood", "uuid", "smallint", "int", "bigint", "bool", "int[]", "text[]"}

// constants are what the placeholders are compared with.
var constants = map[string][]string{
	"text": {"''", "'a'", "'A'", "'all'", "'ä'"}, "varchar": {"''", "'a'", "'a '"}, "mood": {"'sad'", "'ok'", "'happy'"},
	"uuid": {"'" + noUUID + "'", "'" + someUUID + "'"}, "smallint": {"0::smallint", "0", "1", "-1", "70000"}, "int": {"0", "1", "70000", "5000000000", "0::smallint"},
	"bigint": {"0", "1", "-1", "5000000000"}, "bool": {"true", "false"},
}

// condition draws a condition that is made of listed tests alone, so many levels deep.
func (r drawer) condition(depth int) string {
	if depth == 0 {
		return "(" + r.test() + ")"
	}
	arm := func() string { return r.condition(depth - 1) }
	switch r.IntN(10) {
	case 0, 1:
		return "(" + arm() + " AND " + arm() + ")"
	case 2, 3:
		return "(" + arm() + " OR " + arm() + " OR " + arm() + ")"
	case 4:
		return "(NOT " + arm() + ")"
	case 5:
		return "CASE WHEN " + arm() + " THEN " + arm() + " WHEN " + arm() + " THEN " + arm() + r.of("", " ELSE "+arm()) + " END"
	case 6:
		p, typ := r.comparable()
		return fmt.Sprintf("CASE %s WHEN %s THEN %s WHEN %s THEN %s ELSE %s END", p, r.constant(typ), arm(), r.constant(typ), arm(), arm())
	case 7:
		return "coalesce(" + arm() + ", " + arm() + ")"
	case 8:
		return "(" + arm() + r.of(" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN", " IS NULL", " IS NOT NULL") + ")"
	}
	return r.of("true", "false", "NULL::bool", "("+arm()+" = true)", "("+arm()+" <> false)", "(NULLIF("+arm()+", true) IS NULL)")
}

func (r drawer) comparable() (placeholder, typ string) {
	i := r.IntN(8)
	return fmt.Sprintf("$%d", i+1), placeholders[i]
}

func (r drawer) constant(typ string) string { return r.of(constants[typ]...) }

// test draws a test on the list.
func (r drawer) test() string {
	p, typ := r.comparable()
	c := func() string { return r.constant(typ) }
	switch r.IntN(9) {
	case 0:
		return p + r.of(" IS NULL", " IS NOT NULL")
	case 1:
		return p + r.of(" = ", " <> ") + c()
	case 2:
		return c() + r.of(" = ", " <> ") + p
	case 3:
		return p + r.of(" IN (", " NOT IN (") + strings.Join([]string{c(), c(), r.of(c(), "NULL")}, ", ") + ")"
	case 4:
		return "NULLIF(" + p + ", " + c() + ")" + r.of(" IS NULL", " IS NOT NULL")
	case 5:
		return "coalesce(" + p + ", NULL, " + constants[typ][0] + ") = " + c()
	case 6:
		return r.of("$8", "$8 IS TRUE", "NOT $8")
	}
	a := r.of("$9", "$10")
	return r.of("cardinality("+a+") = 0", "cardinality("+a+") <> 0", "cardinality("+a+") > 0", "cardinality("+a+") <= 0", "coalesce(cardinality("+a+"), 0) = 0", "coalesce(array_length("+a+", 1), 0) > 0",
		"cardinality("+a+") < 1", "1 <= cardinality("+a+")", "array_length("+a+", 1) IS NULL", "array_length("+a+", 1) IS NOT NULL", a+" = '{}'", a+" <> '{}'", a+" IS NULL")
}

// assignment draws values, and what is known of them: all, or only what some are not.
func (r drawer) assignment(exact bool) ([]sample, Assumption) {
	values, a := make([]sample, len(placeholders)), Assumption{}
	for i, typ := range placeholders {
		all := samples[typ]
		v := all[r.IntN(len(all))]
		values[i] = v
		switch what := r.IntN(4); {
		case exact || what < 2 || v.state.null():
			a[i+1] = v.state
		case what == 2:
			a[i+1] = State{Not: r.others(v, all)}
		}
	}
	return values, a
}

func (r drawer) others(v sample, all []sample) (not []generated.Value) {
	for _, o := range all {
		if o.state.Is != nil && !o.state.null() && (v.state.Is == nil || *v.state.Is != *o.state.Is) && r.IntN(3) > 0 && !slices.Contains(not, *o.state.Is) {
			not = append(not, *o.state.Is)
		}
	}
	return not
}

// TestDrawnConditionsAreWhatPostgreSQLSays decides conditions that are drawn by chance.
func TestDrawnConditionsAreWhatPostgreSQLSays(t *testing.T) {
	t.Parallel()
	d := setup(t, typed)
	r := drawer{rand.New(rand.NewPCG(uint64(setting(t, "SEED")), 1))}
	partly := 0
	for range 40 * setting(t, "TIMES") {
		list := make([]string, 50)
		for i := range list {
			list[i] = r.condition(r.IntN(4))
		}
		query := d.conditions(t, list, placeholders...)
		for i := range 6 {
			values, a := r.assignment(i < 2)
			said := d.says(t, list, placeholders, values)
			for j, got := range d.outcomes(query, a) {
				if got != said[j] && (i < 2 || got != open) {
					t.Fatalf("%s\nwith %v, known %v: %d, PostgreSQL says %d", list[j], values, a, got, said[j])
				}
				if i >= 2 && got != open {
					partly++
				}
			}
		}
	}
	if partly == 0 {
		t.Error("nothing is decided by what values are not")
	}
}
