package rivals

import (
	"fmt"
	"slices"
	"time"
)

// searches are those with none, some and most of the filters, under a plan_cache_mode.
func searches(mode string, settings []string) []workload {
	var all []workload
	for _, given := range []int{0, 2, 5} {
		all = append(all, workload{
			name: fmt.Sprintf("search, %d of 6 filters, %s", given, mode), about: "books by optional filters, in the order of ids, 50 at most",
			group: "searches", rows: manyBooks, settings: settings,
			bind: func(s *Store, d *data) operation {
				return bind(s.Search, func(n uint64) Filter { return d.filter(n, given) }, returns(d.search))
			},
		})
	}
	return all
}

// filter is one with so many of its parts, which its first books match.
func (d *data) filter(n uint64, given int) Filter {
	b := d.books[spread(n, len(d.books))]
	f := Filter{Limit: manyPerPage}
	if given >= 2 {
		least := b.Price / 2
		f.Title, f.MinPrice = &b.Title, &least
	}
	if given >= 5 {
		most, stock, since := b.Price+highestPrice/2, b.Stock/2, firstDay.Add(time.Hour)
		f.MaxPrice, f.MinStock, f.AddedSince = &most, &stock, &since
	}
	return f
}

// search returns what a filter should find.
func (d *data) search(f Filter) []Book {
	return d.where(f.Limit, func(b Book) bool {
		return (f.AuthorID == nil || b.AuthorID == *f.AuthorID) &&
			(f.Title == nil || b.Title == *f.Title) &&
			(f.MinPrice == nil || b.Price >= *f.MinPrice) &&
			(f.MaxPrice == nil || b.Price <= *f.MaxPrice) &&
			(f.MinStock == nil || b.Stock >= *f.MinStock) &&
			(f.AddedSince == nil || !b.AddedAt.Before(*f.AddedSince))
	})
}

func pages() []workload {
	const group = "pages"
	return []workload{
		{
			name: "keyset page", about: "50 books after a price and an id", group: group, rows: manyBooks, chunk: 4,
			bind: func(s *Store, d *data) operation {
				sorted := d.byPrice()
				arg := func(n uint64) Keyset {
					b := sorted[spread(n, len(sorted)-manyPerPage)]
					return Keyset{AfterPrice: b.Price, AfterID: b.ID, Limit: manyPerPage}
				}
				return bind(s.Keyset, arg, returns(func(k Keyset) []Book {
					return sorted[slices.Index(sorted, d.book(k.AfterID))+1:][:k.Limit]
				}))
			},
		},
		{
			name: "offset page", about: "50 books after as many as 1,000 others", group: group, rows: manyBooks, chunk: 4,
			bind: func(s *Store, d *data) operation {
				sorted := d.byPrice()
				arg := func(n uint64) Offset { return Offset{Skip: int32(spread(n, 1000)), Limit: manyPerPage} }
				return bind(s.Offset, arg, returns(func(o Offset) []Book { return sorted[o.Skip:][:o.Limit] }))
			},
		},
	}
}

// pruned are statements whose optional parts matter under the default plan_cache_mode.
func pruned() []workload {
	const group = "pruning"
	return []workload{
		{
			name: "list with an id, after 5 without", about: "a sorted list without a limit: five calls want all of it, which makes PostgreSQL keep one plan for all values, and the timed ones one row",
			group: group, rows: manyBooks, dear: true,
			bind: func(s *Store, d *data) operation {
				arg := func(n uint64) *int64 {
					if n < 5 {
						return nil
					}
					id := spread(n, len(d.books)) + 1
					return &id
				}
				return bind(s.ByTitle, arg, returns(func(id *int64) []Book {
					b := d.book(*id)
					return []Book{{ID: b.ID, Title: b.Title, Price: b.Price}}
				}))
			},
		},
		{
			name: "sub-select chosen by a flag", about: "the first 50 books of the authors of a name",
			group: group, rows: manyBooks,
			bind: func(s *Store, d *data) operation {
				arg := func(n uint64) Flagged {
					return Flagged{OfAuthor: true, Author: author(spread(n, d.authors()) + 1), Limit: manyPerPage}
				}
				return bind(s.Flagged, arg, returns(func(f Flagged) []Book {
					return d.where(f.Limit, func(b Book) bool { return author(b.AuthorID) == f.Author })
				}))
			},
		},
		{
			name: "one of 6 filters", about: "books of an author, in the order of ids, 50 at most",
			group: group, rows: manyBooks, chunk: 4,
			bind: func(s *Store, d *data) operation {
				arg := func(n uint64) Filter {
					id := spread(n, d.authors()) + 1
					return Filter{AuthorID: &id, Limit: manyPerPage}
				}
				return bind(s.Search, arg, returns(d.search))
			},
		},
	}
}

// count is a number and its noun.
func count(n int, noun string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
