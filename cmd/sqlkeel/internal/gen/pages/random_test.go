package pages

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

var (
	seed  = flag.Uint64("seed", 0, "of the random lists; 0 draws one")
	count = flag.Int("lists", 300, "random lists")
)

// parts are those of random lists. All columns are integers, so that any can be a key.
var (
	froms = []string{
		"books x", "books x", "(SELECT * FROM books) x", "steps x", "pairs x", "parts x", "ONLY parents x", "parents x",
		"books x JOIN authors y ON y.id = x.author_id", "authors y RIGHT JOIN books x ON y.id = x.author_id", "books x LEFT JOIN blurbs y ON y.book_id = x.id",
		"authors x LEFT JOIN books y ON y.author_id = x.id", "books x NATURAL JOIN authors y", "books x, authors y", "books x JOIN shelf y ON y.id = x.id",
		"books x, LATERAL (SELECT count(*) AS n FROM books z WHERE z.year = x.year) y", "books x, generate_series(1, 2) y (n)",
		"(SELECT id, author_id, row_number() OVER (PARTITION BY year ORDER BY id) AS n FROM books) x",
		"(SELECT id, author_id, sum(year) OVER (ORDER BY id) AS n FROM books) x", "(SELECT DISTINCT author_id AS id, year FROM books) x",
		"(SELECT author_id AS id, count(*) AS n FROM books GROUP BY author_id) x", "(SELECT id FROM books UNION SELECT id FROM parts) x",
		"(SELECT id FROM books UNION ALL SELECT id FROM authors) x", "(SELECT id, author_id FROM books ORDER BY id LIMIT 9) x",
	}
	outputs = []string{
		"x.id + 1", "lag(x.id) OVER (ORDER BY x.id)", "row_number() OVER ()", "count(*) OVER ()", "sum(x.id) OVER w",
		"(SELECT count(*) FROM books z WHERE z.id < x.id)", "(SELECT lag(z.id) OVER (ORDER BY z.id) FROM books z WHERE z.id <= x.id ORDER BY z.id DESC LIMIT 1)",
		"generate_series(1, 2)", "now() IS NULL", "'x'", "1",
	}
	conditions = []string{"x.id <> 3", "x.id IN (SELECT id FROM parts)", "x.id IN (SELECT id FROM (SELECT id, rank() OVER (ORDER BY id DESC) AS r FROM books) z WHERE z.r < 20)", "x.id = 4"}
)

// draw makes a list with the keys id, or another column and id.
func draw(r *rand.Rand) listing {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	from := pick(froms)
	keys := []string{"id"}
	if other := map[bool]string{true: "author_id", false: "year"}[r.IntN(2) == 0]; strings.HasPrefix(from, "books x") && r.IntN(3) == 0 {
		keys = []string{other, "id"}[:1+r.IntN(2)]
	}
	columns, params, order := "", "", ""
	op, direction := ">", ""
	if r.IntN(3) == 0 {
		op, direction = "<", " DESC"
	}
	for i, k := range keys {
		comma := strings.Repeat(", ", min(i, 1))
		columns += comma + "x." + k
		params += comma + "{after_" + k + "}"
		order += comma + "x." + k + direction
	}
	selected := columns
	for range r.IntN(2) {
		selected += ", " + pick(outputs)
	}
	where := fmt.Sprintf("({after_%s} IS NULL OR (%s) %s (%s))", keys[len(keys)-1], columns, op, params)
	if r.IntN(4) == 0 {
		where += " AND " + pick(conditions)
	}
	rest := ""
	switch r.IntN(8) {
	case 0:
		selected = "DISTINCT " + selected
	case 1:
		selected = "DISTINCT ON (x." + keys[0] + ") " + selected
	case 2:
		rest = " GROUP BY " + columns
		selected = columns + ", count(*)"
		if r.IntN(2) == 0 {
			selected += ", sum(count(*)) OVER (ORDER BY " + columns + ")"
		}
	case 3:
		rest = " GROUP BY ROLLUP (" + columns + ")"
		selected = columns + ", count(*)"
	}
	if strings.Contains(selected, "OVER w") {
		rest += " WINDOW w AS (ORDER BY x.id)"
	}
	return listing{strings.Join(keys, ","), "SELECT " + selected + " FROM " + from + " WHERE " + where + rest + " ORDER BY " + order + end}
}

func TestPagesOfARandomListAreTheList(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	r := rand.New(rand.NewPCG(*seed, 1))
	s := server(t, schema)
	paged, refused, wrong := 0, 0, 0
	for range *count {
		st := draw(r).statement()
		if _, err := s.conn.Prepare(t.Context(), "", st.SQL); err != nil {
			continue // PostgreSQL refuses it
		}
		plan, err := s.analyze(t, st)
		var problem *project.Problem
		switch {
		case errors.As(err, &problem):
			refused++
			if pages, whole := walk(t, s.conn, st, s.believed(t, st)); !slices.Equal(pages, whole) {
				wrong++
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		paged++
		if pages, whole := walk(t, s.conn, st, plan); !slices.Equal(pages, whole) {
			t.Errorf("%s\npages give %q\nthe list is %q", st.SQL, pages, whole)
		}
	}
	t.Logf("of %d: %d have pages, %d are refused, of which %d have wrong pages", *count, paged, refused, wrong)
	if paged < *count/8 || wrong < *count/16 {
		t.Error("too few had pages, or wrong ones, to show anything")
	}
}
