package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sqlkeel/sqlkeel/queries"
)

func catalogue(t *testing.T) []work {
	t.Helper()
	list, err := works(booksCSV)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// forEachSize runs test on a generator of each size in use and of awkward ones.
func forEachSize(t *testing.T, test func(t *testing.T, g *generator)) {
	t.Helper()
	list := catalogue(t)
	for name, size := range map[string]Size{
		"small":                       Small,
		"full":                        Full,
		"nothing but the books":       {},
		"no users":                    {Reviews: 10, Sales: 100, Accounts: 3, Tasks: 2},
		"one user":                    {Users: 1, Reviews: 10, Sales: 100, Accounts: 3},
		"a review for every pair":     {Users: 3, Reviews: 3 * len(list)},
		"more reviews than pairs":     {Users: 3, Reviews: 5_000},
		"pairs divisible by the step": {Users: 7919, Reviews: 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newGenerator(list, size))
		})
	}
}

// mustFail fails the test unless the check found the named fault in data made
// wrong on purpose.
func mustFail(t *testing.T, fault string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), fault) {
		t.Errorf("the check answered %v to wrong data, want an error about %q", err, fault)
	}
}

// with returns a copy of rows whose row i was changed.
func with[T any](rows []T, i int, change func(*T)) []T {
	rows = slices.Clone(rows)
	change(&rows[i])
	return rows
}

// rows collects all tables of a generator.
func rows(g *generator) map[string]any {
	return map[string]any{
		"authors": slices.Collect(g.authors()), "books": slices.Collect(g.books()), "users": slices.Collect(g.users()),
		"reviews": slices.Collect(g.reviews()), "sales": slices.Collect(g.sales()),
		"accounts": slices.Collect(g.accounts()), "tasks": slices.Collect(g.tasks()),
	}
}

// firstDifference returns an error which names a table that differs.
func firstDifference(a, b map[string]any) error {
	for table := range a {
		if !reflect.DeepEqual(a[table], b[table]) {
			return fmt.Errorf("%s differ", table)
		}
	}
	return nil
}

func TestTwoGeneratorsMakeEqualRows(t *testing.T) {
	t.Parallel()
	list := catalogue(t)
	g := newGenerator(list, Small)
	first := rows(g)
	if err := firstDifference(first, rows(newGenerator(list, Small))); err != nil {
		t.Error(err)
	}
	if err := firstDifference(first, rows(g)); err != nil {
		t.Errorf("the second walk over one generator: %v", err)
	}
	other := rows(newGenerator(list, Small))
	other["sales"].([]queries.CopySalesParams)[77].Quantity++
	mustFail(t, "sales differ", firstDifference(first, other))
}

// anonymous drops the buyers, the one column that may depend on the users.
func anonymous(sales iter.Seq[queries.CopySalesParams]) []queries.CopySalesParams {
	list := slices.Collect(sales)
	for i := range list {
		list[i].UserID = nil
	}
	return list
}

func checkSameGoods(want, got []queries.CopySalesParams) error {
	if !reflect.DeepEqual(want, got) {
		return errors.New("other goods were sold")
	}
	return nil
}

func TestUsersDoNotChangeWhatIsSold(t *testing.T) {
	t.Parallel()
	list := catalogue(t)
	want := anonymous(newGenerator(list, Small).sales())
	for _, users := range []int{0, 1, 51, 2_000} {
		size := Small
		size.Users = users
		if err := checkSameGoods(want, anonymous(newGenerator(list, size).sales())); err != nil {
			t.Errorf("%d users: %v", users, err)
		}
	}
	mustFail(t, "other goods", checkSameGoods(want, with(want, 9, func(s *queries.CopySalesParams) { s.BookID++ })))
}

func TestALongerRunOfSalesBeginsWithTheShorterOne(t *testing.T) {
	t.Parallel()
	list, longer := catalogue(t), Small
	longer.Sales *= 2
	short, long := slices.Collect(newGenerator(list, Small).sales()), slices.Collect(newGenerator(list, longer).sales())
	if !reflect.DeepEqual(short, long[:len(short)]) {
		t.Error("twice the sales changed the first half")
	}
}

// people returns the ids of the generator's users.
func people(g *generator) map[uuid.UUID]bool {
	ids := map[uuid.UUID]bool{}
	for u := range g.users() {
		ids[u.ID] = true
	}
	return ids
}

func checkReviews(g *generator, reviews []queries.CopyReviewsParams) error {
	type pair struct {
		book int64
		user uuid.UUID
	}
	if want := min(g.size.Reviews, len(g.works)*g.size.Users); len(reviews) != want {
		return fmt.Errorf("%d reviews, want %d", len(reviews), want)
	}
	known, seen := people(g), map[pair]bool{}
	for i, r := range reviews {
		switch {
		case r.BookID < 1 || r.BookID > int64(len(g.works)):
			return fmt.Errorf("review %d: no book %d", i, r.BookID)
		case r.UserID == nil || !known[*r.UserID]:
			return fmt.Errorf("review %d: no user %v", i, r.UserID)
		case seen[pair{r.BookID, *r.UserID}]:
			return fmt.Errorf("review %d: pair twice", i)
		case r.Rating < 1 || r.Rating > 5:
			return fmt.Errorf("review %d: rating %d", i, r.Rating)
		case r.Body == "":
			return fmt.Errorf("review %d: no body", i)
		case r.CreatedAt.After(LastDay.AddDate(0, 0, 1)) || r.CreatedAt.Before(LastDay.AddDate(0, 0, -Days)):
			return fmt.Errorf("review %d: at %v", i, r.CreatedAt)
		}
		seen[pair{r.BookID, *r.UserID}] = true
	}
	return nil
}

func TestNoUserReviewsABookTwice(t *testing.T) {
	t.Parallel()
	forEachSize(t, func(t *testing.T, g *generator) {
		if err := checkReviews(g, slices.Collect(g.reviews())); err != nil {
			t.Error(err)
		}
	})
}

func TestTheCheckOfReviewsSeesWrongOnes(t *testing.T) {
	t.Parallel()
	g := newGenerator(catalogue(t), Small)
	list := slices.Collect(g.reviews())
	type review = queries.CopyReviewsParams
	stranger := userID(g.size.Users)
	for fault, change := range map[string]func(*review){
		"pair twice": func(r *review) { r.BookID, r.UserID = list[0].BookID, list[0].UserID },
		"no book 0":  func(r *review) { r.BookID = 0 },
		"no book 9":  func(r *review) { r.BookID = 999 },
		"no user":    func(r *review) { r.UserID = &stranger },
		"rating 0":   func(r *review) { r.Rating = 0 },
		"rating 6":   func(r *review) { r.Rating = 6 },
		"no body":    func(r *review) { r.Body = "" },
		"at 20":      func(r *review) { r.CreatedAt = LastDay.AddDate(0, 0, 2) },
	} {
		mustFail(t, fault, checkReviews(g, with(list, 300, change)))
	}
	mustFail(t, "399 reviews", checkReviews(g, list[1:]))
}

func TestReviewsUseEveryRating(t *testing.T) {
	t.Parallel()
	count := map[int32]int{}
	for r := range newGenerator(catalogue(t), Small).reviews() {
		count[r.Rating]++
	}
	for rating := int32(1); rating <= 5; rating++ {
		if count[rating] == 0 {
			t.Errorf("no review gives %d", rating)
		}
	}
}

func checkSales(g *generator, sales []queries.CopySalesParams) error {
	if len(sales) != g.size.Sales {
		return fmt.Errorf("%d sales, want %d", len(sales), g.size.Sales)
	}
	known := people(g)
	first, end := LastDay.AddDate(0, 0, 1-Days), LastDay.AddDate(0, 0, 1)
	for i, s := range sales {
		switch {
		case s.BookID < 1 || s.BookID > int64(len(g.works)):
			return fmt.Errorf("sale %d: no book %d", i, s.BookID)
		case s.UserID != nil && !known[*s.UserID]:
			return fmt.Errorf("sale %d: no user %v", i, s.UserID)
		case s.Quantity < 1:
			return fmt.Errorf("sale %d: quantity %d", i, s.Quantity)
		case s.UnitPriceCents != g.prices[s.BookID-1]:
			return fmt.Errorf("sale %d: price %d", i, s.UnitPriceCents)
		case s.SoldAt.Location() != time.UTC || s.SoldAt.Before(first) || !s.SoldAt.Before(end):
			return fmt.Errorf("sale %d: sold at %v", i, s.SoldAt)
		}
	}
	return nil
}

func TestEverySaleIsOfAKnownBookWithinTheYear(t *testing.T) {
	t.Parallel()
	forEachSize(t, func(t *testing.T, g *generator) {
		if err := checkSales(g, slices.Collect(g.sales())); err != nil {
			t.Error(err)
		}
	})
}

func TestTheCheckOfSalesSeesWrongOnes(t *testing.T) {
	t.Parallel()
	g := newGenerator(catalogue(t), Small)
	list := slices.Collect(g.sales())
	type sale = queries.CopySalesParams
	stranger := userID(g.size.Users)
	for _, tc := range []struct {
		fault  string
		change func(*sale)
	}{
		{"no book 0", func(s *sale) { s.BookID = 0 }},
		{"no book", func(s *sale) { s.BookID = int64(len(g.works) + 1) }},
		{"no user", func(s *sale) { s.UserID = &stranger }},
		{"quantity 0", func(s *sale) { s.Quantity = 0 }},
		{"price", func(s *sale) { s.UnitPriceCents++ }},
		{"sold at", func(s *sale) { s.SoldAt = LastDay.AddDate(0, 0, 1) }},
		{"sold at", func(s *sale) { s.SoldAt = LastDay.AddDate(0, 0, 1-Days).Add(-time.Nanosecond) }},
		{"sold at", func(s *sale) { s.SoldAt = s.SoldAt.In(time.FixedZone("east", 3600)) }},
	} {
		mustFail(t, tc.fault, checkSales(g, with(list, 300, tc.change)))
	}
	mustFail(t, "4999 sales", checkSales(g, list[1:]))
}

func TestSalesCoverEveryDayAndBothKindsOfBuyer(t *testing.T) {
	t.Parallel()
	days, known, unknown := map[time.Time]bool{}, 0, 0
	for s := range newGenerator(catalogue(t), Small).sales() {
		days[s.SoldAt.Truncate(24*time.Hour)] = true
		if s.UserID == nil {
			unknown++
		} else {
			known++
		}
	}
	if len(days) != Days {
		t.Errorf("sales on %d days, want %d", len(days), Days)
	}
	if unknown == 0 || known <= unknown {
		t.Errorf("%d sales with an account and %d without, want mostly with", known, unknown)
	}
}

// So many sales that each minute of the year is drawn with near certainty, the
// first and the last included.
func TestNoSaleFallsOutsideTheYearHoweverMany(t *testing.T) {
	t.Parallel()
	first, end := LastDay.AddDate(0, 0, 1-Days), LastDay.AddDate(0, 0, 1)
	for s := range newGenerator(catalogue(t), Size{Sales: 2_000_000}).sales() {
		if s.SoldAt.Before(first) || !s.SoldAt.Before(end) {
			t.Fatalf("sold at %v", s.SoldAt)
		}
	}
}

func TestBooksNameTheirAuthorsAndKeepTheSchemasBounds(t *testing.T) {
	t.Parallel()
	list := catalogue(t)
	g := newGenerator(list, Small)
	authors, books := slices.Collect(g.authors()), slices.Collect(g.books())
	if len(books) != len(list) {
		t.Fatalf("%d books, want %d", len(books), len(list))
	}
	for i, b := range books {
		if b.ID != int64(i+1) || b.Title != list[i].title || authors[b.AuthorID-1].Name != list[i].author {
			t.Errorf("book %d is %q by %q, want %q by %q", b.ID, b.Title, authors[b.AuthorID-1].Name, list[i].title, list[i].author)
		}
		if b.PriceCents <= 0 || b.PriceCents != g.prices[i] || b.Stock < 0 || len(b.Tags) == 0 {
			t.Errorf("book %d: price %d, stock %d, tags %q", b.ID, b.PriceCents, b.Stock, b.Tags)
		}
		if b.AddedOn.After(LastDay) || b.AddedOn.Before(LastDay.AddDate(0, 0, 1-Days)) {
			t.Errorf("book %d: added on %v", b.ID, b.AddedOn)
		}
	}
	names := map[string]bool{}
	for i, a := range authors {
		if a.ID != int64(i+1) || names[a.Name] || !json.Valid(a.Bio) {
			t.Errorf("author %d: %+v", i+1, a)
		}
		names[a.Name] = true
	}
}

func TestUsersAccountsAndTasksAreAsManyAsTheSizeSays(t *testing.T) {
	t.Parallel()
	forEachSize(t, func(t *testing.T, g *generator) {
		known, emails := people(g), map[string]bool{}
		for u := range g.users() {
			emails[u.Email] = true
		}
		if len(known) != g.size.Users || len(emails) != g.size.Users {
			t.Errorf("%d ids and %d addresses, want %d", len(known), len(emails), g.size.Users)
		}
		accounts := slices.Collect(g.accounts())
		if len(accounts) != g.size.Accounts {
			t.Errorf("%d accounts, want %d", len(accounts), g.size.Accounts)
		}
		for i, a := range accounts {
			if owned := a.UserID != nil; owned != (i < g.size.Users) || owned && !known[*a.UserID] || a.BalanceCents != Balance {
				t.Errorf("account %d: %+v", i+1, a)
			}
		}
		tasks := slices.Collect(g.tasks())
		if len(tasks) != g.size.Tasks {
			t.Errorf("%d tasks, want %d", len(tasks), g.size.Tasks)
		}
		for i, task := range tasks {
			if !json.Valid(task.Payload) || task.Kind == "" {
				t.Errorf("task %d: %+v", i+1, task)
			}
		}
	})
}
