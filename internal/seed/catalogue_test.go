package seed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/queries"
)

const header = "title,author,year,category\n"

func TestMalformedCataloguesAreRefusedWithTheLine(t *testing.T) {
	t.Parallel()
	const good = "Emma,Jane Austen,1815,classic\n"
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "books.csv:1: no header"},
		{"header only", header, "books.csv:2: no books"},
		{"a header of other fields", "title,author\nEmma,Jane Austen\n", "books.csv:1: wrong number of fields"},
		{"unknown category", header + good + "Persuasion,Jane Austen,1817,romance\n", `books.csv:3: unknown category "romance"`},
		{"year in words", header + "Emma,Jane Austen,soon,classic\n",
			`books.csv:2: year: strconv.ParseInt: parsing "soon": invalid syntax`},
		{"year out of range", header + "Emma,Jane Austen,18150000000,classic\n",
			`books.csv:2: year: strconv.ParseInt: parsing "18150000000": value out of range`},
		{"too few fields", header + good + "Persuasion,Jane Austen,1817\n", "books.csv:3: wrong number of fields"},
		{"too many fields", header + "Cry, the Beloved Country,Alan Paton,1948,fiction\n", "books.csv:2: wrong number of fields"},
		{"after a blank line", header + "\n" + "Emma,Jane Austen,1815,romance\n", `books.csv:3: unknown category "romance"`},
		{"after a title of two lines", header + "\"Em\nma\",Jane Austen,1815,classic\n" + "Emma,Jane Austen,1815,romance\n",
			`books.csv:4: unknown category "romance"`},
		{"open quote", header + good + "\"Persuasion,Jane Austen,1817,classic", `books.csv:3: extraneous or missing " in quoted-field`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			list, err := works(tc.text)
			if err == nil || err.Error() != tc.want {
				t.Errorf("works: %v, want %s", err, tc.want)
			}
			if list != nil {
				t.Errorf("works gave %d books along with the error", len(list))
			}
		})
	}
}

func TestAWellFormedCatalogueIsReadInOrder(t *testing.T) {
	t.Parallel()
	got, err := works(header + "Emma,Jane Austen,1815,classic\n\"I, Robot\",Isaac Asimov,1950,science_fiction\nThe Iliad,Homer,-750,poetry\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []work{
		{"Emma", "Jane Austen", 1815, queries.BookCategoryClassic},
		{"I, Robot", "Isaac Asimov", 1950, queries.BookCategoryScienceFiction},
		{"The Iliad", "Homer", -750, queries.BookCategoryPoetry},
	}
	if !slices.Equal(got, want) {
		t.Errorf("works: %v, want %v", got, want)
	}
}

func checkCatalogue(list []work) error {
	if len(list) < 150 {
		return fmt.Errorf("%d books, want at least 150", len(list))
	}
	seen := map[[2]string]bool{}
	for _, w := range list {
		key := [2]string{w.author, w.title}
		switch {
		case strings.TrimSpace(w.title) == "" || strings.TrimSpace(w.author) == "":
			return fmt.Errorf("%+v: blank", w)
		case strings.TrimSpace(w.title) != w.title || strings.TrimSpace(w.author) != w.author:
			return fmt.Errorf("%+v: space around", w)
		case w.year < -3000 || w.year == 0 || int(w.year) > LastDay.Year():
			return fmt.Errorf("%+v: bad year", w)
		case !w.category.Valid():
			return fmt.Errorf("%+v: bad category", w)
		case seen[key]:
			return fmt.Errorf("%+v: twice", w)
		}
		seen[key] = true
	}
	return nil
}

func TestCatalogueIsLargeValidAndWithoutDuplicates(t *testing.T) {
	t.Parallel()
	list := catalogue(t)
	if err := checkCatalogue(list); err != nil {
		t.Error(err)
	}
	mustFail(t, "at least 150", checkCatalogue(list[:149]))
	mustFail(t, "twice", checkCatalogue(with(list, 9, func(w *work) { *w = list[8] })))
	mustFail(t, "bad year", checkCatalogue(with(list, 9, func(w *work) { w.year = 0 })))
	mustFail(t, "bad year", checkCatalogue(with(list, 9, func(w *work) { w.year = 2027 })))
	mustFail(t, "bad category", checkCatalogue(with(list, 9, func(w *work) { w.category = "cookery" })))
	mustFail(t, "blank", checkCatalogue(with(list, 9, func(w *work) { w.author = " " })))
	mustFail(t, "space around", checkCatalogue(with(list, 9, func(w *work) { w.title += " " })))
}

func TestCatalogueHasEveryCategory(t *testing.T) {
	t.Parallel()
	missing := map[queries.BookCategory]bool{
		queries.BookCategoryClassic: true, queries.BookCategoryFiction: true, queries.BookCategoryScienceFiction: true,
		queries.BookCategoryFantasy: true, queries.BookCategoryMystery: true, queries.BookCategoryChildren: true,
		queries.BookCategoryPoetry: true, queries.BookCategoryDrama: true, queries.BookCategoryNonfiction: true,
		queries.BookCategoryScience: true,
	}
	for _, w := range catalogue(t) {
		delete(missing, w.category)
	}
	if len(missing) > 0 {
		t.Errorf("no book in %v", slices.Collect(maps.Keys(missing)))
	}
}
