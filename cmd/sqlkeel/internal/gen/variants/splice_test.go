package variants

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
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
	for _, c := range choices {
		texts = append(texts, strings.NewReplacer("%[1]s", "$1", "%[2]s", "t.n = $2").Replace("SELECT t.id FROM t WHERE "+c.text))
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

// Whatever the parser takes is cut or left alone, without a panic.
func TestSplicedStatementsDoNoHarm(t *testing.T) {
	t.Parallel()
	all := words(t)
	rng := rand.New(rand.NewPCG(*seed, 8))
	parsed, planned := 0, 0
	for range 60 * *count {
		sql := splice(rng, all)
		if _, err := pg.Parse(sql); err != nil {
			continue
		}
		parsed++
		st := &project.Statement{Package: goPackage, Name: "Q", Command: ":many", SQL: sql}
		types := make([]Type, 12)
		for i := range types {
			types[i].Name = []string{"text", "integer", "boolean", "character", "mood"}[rng.IntN(5)]
			types[i].Array = rng.IntN(5) == 0
			st.Params = append(st.Params, project.Param{Name: fmt.Sprint("P", i), Type: []string{"*string", "string", "bool", "[]int32", "*int32"}[rng.IntN(5)]})
		}
		f := look(st, types)
		for _, t := range f.asked { // as if PostgreSQL had said so
			t.decided = rng.IntN(4) > 0
			t.Values, t.Of = []generated.Value{{Kind: generated.Null}, generated.Words("a", true)}, []fold.Answer{fold.Answer(rng.IntN(3)), fold.Answer(rng.IntN(3))}
		}
		f.find()
		if len(f.params) == 0 || bits(f.params) > maxBits {
			continue
		}
		p := f.plan(f.params, rng.IntN(2) == 0)
		planned++
		for _, m := range p.masks {
			p.Stmt().Assemble(m)
		}
	}
	t.Logf("%d parsed, %d with a plan", parsed, planned)
	if planned < *count/10 {
		t.Errorf("only %d of %d were cut", planned, parsed)
	}
}
