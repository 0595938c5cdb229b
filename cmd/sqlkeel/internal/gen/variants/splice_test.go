package variants

import (
	"fmt"
	"math/rand/v2"
	"testing"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// words are the statements of this package's tests, each as its tokens with what
// stands between them.
func words(t *testing.T) (all [][]string) {
	t.Helper()
	var texts []string
	for _, c := range hostile {
		texts = append(texts, c.sql)
	}
	for _, c := range cuts {
		texts = append(texts, c.sql)
	}
	for _, c := range stays {
		texts = append(texts, c.sql)
	}
	for _, c := range orderCases {
		texts = append(texts, c.sql)
	}
	for _, c := range oddOrders {
		texts = append(texts, c.sql)
	}
	for _, sql := range texts {
		scanned, err := pg.Scan(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var list []string
		at := 0
		for _, token := range scanned.Tokens {
			list = append(list, sql[at:token.End])
			at = int(token.End)
		}
		all = append(all, list)
	}
	return all
}

// splice makes a text of the words of one statement and pieces of others.
func splice(rng *rand.Rand, all [][]string) string {
	list := append([]string(nil), all[rng.IntN(len(all))]...)
	for range 1 + rng.IntN(3) {
		at, other := rng.IntN(len(list)), all[rng.IntN(len(all))]
		from := rng.IntN(len(other))
		piece := other[from:min(len(other), from+rng.IntN(8))]
		to := min(len(list), at+rng.IntN(4))
		list = append(append(append([]string(nil), list[:at]...), piece...), list[to:]...)
		if len(list) == 0 {
			return ""
		}
	}
	sql := ""
	for _, w := range list {
		sql += " " + w
	}
	return sql
}

// Whatever the parser takes is cut or left alone, without a panic; and what is cut
// says what is meant, or is refused by name.
func TestSplicedStatementsDoNoHarm(t *testing.T) {
	t.Parallel()
	b := setup(t, oddSchema)
	all := words(t)
	rng := rand.New(rand.NewPCG(*seed, 8))
	parsed, planned := 0, 0
	for range 60 * *count {
		sql := splice(rng, all)
		if _, err := pg.Parse(sql); err != nil {
			continue
		}
		parsed++
		st := &project.Statement{Package: goPackage, Name: "Q", Command: []string{":many", ":one", ":exec"}[rng.IntN(3)], SQL: sql}
		types := make([]string, 12)
		for i := range types {
			types[i] = []string{"text", "integer", "mood", "character"}[rng.IntN(4)]
			st.Params = append(st.Params, project.Param{Name: fmt.Sprint("P", i), Type: []string{"*string", "string"}[rng.IntN(2)]})
		}
		f := look(st, types, b.schema)
		if f == nil {
			continue
		}
		p := f.plan()
		if p == nil || !f.ordered() && rng.IntN(2) == 0 {
			continue
		}
		f.cut(p)
		planned++
		v := p.Stmt()
		var proofs []proof
		for _, m := range []generated.Mask{p.masks[0], p.masks[len(p.masks)-1], p.masks[rng.IntN(len(p.masks))]} {
			proofs = append(proofs, p.assemble(v, m))
		}
		if err := p.compareTrees(proofs); err != nil {
			t.Logf("%s\n%v", sql, err)
		}
	}
	t.Logf("%d parsed, %d with a plan", parsed, planned)
	if planned < *count/10 {
		t.Errorf("only %d of %d were cut", planned, parsed)
	}
}
