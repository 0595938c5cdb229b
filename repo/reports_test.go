package repo_test

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/repo"
)

// sale is a row of sales as the tests add it up in Go.
type sale struct {
	book, cents, quantity int64
	at                    time.Time
}

func (b bench) sales(t *testing.T) (list []sale) {
	t.Helper()
	rows, err := b.db.Query(t.Context(), "SELECT book_id, unit_price_cents, quantity, sold_at FROM sales")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s sale
		if err := rows.Scan(&s.book, &s.cents, &s.quantity, &s.at); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return list
}

func TestDailySalesAddsUpWhatWasSoldEachDay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	days := 30
	want := make([]repo.DailySale, days)
	for i := range want {
		want[i].Day = seed.LastDay.AddDate(0, 0, i-days+1)
	}
	for _, s := range b.sales(t) {
		if i := days - 1 - int(seed.LastDay.Sub(s.at.UTC().Truncate(24*time.Hour)).Hours()/24); i >= 0 {
			want[i].Sales++
			want[i].Copies += s.quantity
			want[i].RevenueCents += s.quantity * s.cents
		}
	}
	// Any time of the last day means that day.
	got, err := b.DailySales(t.Context(), seed.LastDay.Add(23*time.Hour), days)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, func(x, y repo.DailySale) bool {
		return x.Day.Equal(y.Day) && x.Sales == y.Sales && x.Copies == y.Copies && x.RevenueCents == y.RevenueCents
	}) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func TestDailySalesDoesNotDependOnTheSessionsTimeZone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want, err := b.DailySales(t.Context(), seed.LastDay, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''America/St_Johns''', current_database()); END $$`); err != nil {
		t.Fatal(err)
	}
	elsewhere := open(t, b.pg)
	if zone := elsewhere.text(t, "SHOW timezone"); zone != "America/St_Johns" {
		t.Fatalf("the session is in %s", zone)
	}
	got, err := elsewhere.DailySales(t.Context(), seed.LastDay, 10)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, func(x, y repo.DailySale) bool { return x.Day.Equal(y.Day) && x.RevenueCents == y.RevenueCents }) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func TestDaysWithoutSalesAreThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got, err := b.DailySales(t.Context(), seed.LastDay.AddDate(5, 0, 0), 3)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d days, error %v", len(got), err)
	}
	for _, d := range got {
		if d.Sales != 0 || d.RevenueCents != 0 {
			t.Errorf("%v: %+v", d.Day, d)
		}
	}
}

func TestTopProductsAreTheBestSellers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	since, until := seed.LastDay.AddDate(0, 0, -90), seed.LastDay
	revenue := map[int64]int64{}
	for _, s := range b.sales(t) {
		if !s.at.Before(since) && s.at.Before(until) {
			revenue[s.book] += s.quantity * s.cents
		}
	}
	type line struct{ id, cents int64 }
	var want []line
	for id, cents := range revenue {
		want = append(want, line{id, cents})
	}
	slices.SortFunc(want, func(x, y line) int { return cmp.Or(cmp.Compare(y.cents, x.cents), cmp.Compare(x.id, y.id)) })
	got, err := b.TopProducts(t.Context(), since, until, 10)
	if err != nil || len(got) != 10 {
		t.Fatalf("%d products, error %v", len(got), err)
	}
	for i, p := range got {
		if (line{p.ID, p.RevenueCents}) != want[i] {
			t.Errorf("place %d: book %d with %d cents, want %v", i+1, p.ID, p.RevenueCents, want[i])
		}
	}
}

func TestReportArgumentsAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, days := range []int{0, -1, repo.MaxDays + 1} {
		_, err := b.DailySales(t.Context(), seed.LastDay, days)
		refused(t, err, "days")
	}
	_, err := b.DailySales(t.Context(), time.Time{}, 1)
	refused(t, err, "until")
	_, err = b.TopProducts(t.Context(), seed.LastDay, seed.LastDay, 1)
	refused(t, err, "since")
	_, err = b.TopProducts(t.Context(), seed.LastDay, time.Unix(1<<63-62135596801, 999999999), 1)
	refused(t, err, "until")
	_, err = b.DailySales(t.Context(), seed.LastDay.AddDate(9000, 0, 0), 1)
	refused(t, err, "until")
	_, err = b.TopProducts(t.Context(), seed.LastDay.AddDate(0, 0, -1), seed.LastDay, -1)
	if !errors.As(err, new(*repo.InvalidError)) {
		t.Errorf("negative limit: %v", err)
	}
}
