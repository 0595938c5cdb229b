package rivals

import "fmt"

// workload is something that all arms do.
type workload struct {
	name, about string
	group       string                   // of one chart
	rows        int                      // books that are there at first
	callers     int                      // default: 1
	conns       int                      // the most connections. Default: those of the Config
	chunk       int                      // calls between two looks at the clock. Default: 16
	adds        func(calls uint64) int64 // books that so many calls add; nil: it changes nothing
	writes      bool                     // it changes rows, so each round has a database of its own
	cache       bool                     // results are cached
	dear        bool                     // to warm up, so a turn has few sessions
	settings    []string                 // of the database, each name = value
	bind        func(*Store, *data) operation
}

const (
	fewBooks  = 10_000
	manyBooks = 100_000
	// manyPerPage is the size of pages and of results of a search.
	manyPerPage = 50
)

// Workloads returns the names of all, in the order of the report.
func Workloads() []string {
	var names []string
	for _, w := range workloads() {
		names = append(names, w.name)
	}
	return names
}

func workloads() []workload {
	var all []workload
	for _, some := range [][]workload{reads(), writes(), searches("auto", nil), searches("generic plans", []string{"plan_cache_mode = force_generic_plan"}), pages(), cachedReads(), pruned()} {
		all = append(all, some...)
	}
	for i := range all {
		w := &all[i]
		w.callers, w.chunk = max(w.callers, 1), max(w.chunk, 1)
	}
	return all
}

// spread is a number below n that looks random and follows from i.
func spread(i uint64, n int) int64 {
	i *= 0x9e3779b97f4a7c15
	i ^= i >> 29
	i *= 0xbf58476d1ce4e5b9
	return int64((i ^ i>>32) % uint64(n))
}

func reads() []workload {
	const group = "reads"
	var all []workload
	for _, callers := range []int{1, 16, 64, 256} {
		all = append(all, workload{
			name: fmt.Sprintf("read by key, %s", count(callers, "caller")), about: "one row by its primary key",
			group: group, rows: fewBooks, callers: callers, chunk: 16,
			bind: func(s *Store, d *data) operation {
				return bind(s.BookByID, func(n uint64) int64 { return spread(n, len(d.books)) + 1 }, returns(d.book))
			},
		})
	}
	for _, rows := range []int{10, 100, 1000} {
		all = append(all, workload{
			name: fmt.Sprintf("read %d rows", rows), about: "rows after an id, in the order of ids", group: group, rows: fewBooks, chunk: 4,
			bind: func(s *Store, d *data) operation {
				arg := func(n uint64) Range {
					return Range{After: spread(n, len(d.books)-rows), Limit: int32(rows)}
				}
				return bind(s.BooksAfter, arg, returns(func(r Range) []Book { return d.books[r.After : r.After+int64(r.Limit)] }))
			},
		})
	}
	all = append(all, workload{
		name: "100 parents with 10 children", about: "authors after an id, each with its books", group: group, rows: fewBooks,
		bind: func(s *Store, d *data) operation {
			arg := func(n uint64) Range { return Range{After: spread(n, d.authors()-100+1), Limit: 100} }
			return bind(s.AuthorsWith, arg, returns(d.authorsWith))
		},
	})
	return append(all, workload{
		name: "checkout, 64 callers on 4 connections", about: "SELECT 1, so the wait for a connection decides", group: group, rows: fewBooks,
		callers: 64, conns: 4, chunk: 16,
		bind: func(s *Store, _ *data) operation {
			return bind(s.Ping, func(uint64) None { return None{} }, returns(func(None) int { return 1 }))
		},
	})
}

// authorsWith returns the authors of a range, with their books.
func (d *data) authorsWith(r Range) []Author {
	found := make([]Author, r.Limit)
	for i := range found {
		id := r.After + int64(i) + 1
		found[i] = Author{ID: id, Name: author(id)}
	}
	for _, b := range d.books {
		if i := b.AuthorID - r.After - 1; i >= 0 && i < int64(len(found)) {
			found[i].Books = append(found[i].Books, b)
		}
	}
	return found
}

func writes() []workload {
	one := func(calls uint64) int64 { return int64(calls) }
	none := func(uint64) int64 { return 0 }
	all := []workload{
		{
			name: "insert returning the id", about: "one row", chunk: 16, adds: one,
			bind: func(s *Store, d *data) operation { return bind(s.InsertBook, d.added, addedWithID) },
		},
		{
			name: "upsert", about: "one row, of which half are there: INSERT ... ON CONFLICT (isbn) DO UPDATE", chunk: 16,
			adds: func(calls uint64) int64 { return int64(calls / 2) }, // every second
			bind: func(s *Store, d *data) operation { return bind(s.UpsertBook, d.upserted, addedWithID) },
		},
		{
			name: "update by key", about: "the price of one row, which must be there", chunk: 16, adds: none,
			bind: func(s *Store, d *data) operation {
				arg := func(n uint64) Price { return Price{ID: spread(n, len(d.books)) + 1, Price: int64(n) + highestPrice} }
				return bind(s.SetPrice, arg, priced(d.book))
			},
		},
	}
	for _, rows := range []int{100, 10_000} {
		many := func(calls uint64) int64 { return int64(calls) * int64(rows) }
		batch := func(d *data) func(uint64) []Book {
			return func(n uint64) []Book {
				books := make([]Book, rows)
				for i := range books {
					books[i] = d.added(n*uint64(rows) + uint64(i))
				}
				return books
			}
		}
		all = append(all, workload{
			name: fmt.Sprintf("insert %d rows in one statement", rows), about: "several rows of VALUES, or arrays", adds: many,
			bind: func(s *Store, d *data) operation { return bind(s.InsertBooks, batch(d), addedAll) },
		}, workload{
			name: fmt.Sprintf("insert %d rows by COPY", rows), about: "the COPY protocol", adds: many,
			bind: func(s *Store, d *data) operation { return bind(s.CopyBooks, batch(d), addedAll) },
		})
	}
	for i := range all {
		all[i].group, all[i].rows, all[i].writes = "writes", fewBooks, true
	}
	return all
}

// upserted is a new book for odd n, else one that is there with another price and stock.
func (d *data) upserted(n uint64) Book {
	b := d.added(n)
	if n%2 == 0 {
		there := d.book(spread(n, len(d.books)) + 1)
		there.ID, there.Price, there.Stock = 0, b.Price, b.Stock
		return there
	}
	return b
}
