package arms

import (
	"context"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/store"
)

// sqlcArm is sqlc's code on a pgxpool. Optional filters are in the statement, as sqlc's
// documentation has them.
var sqlcArm = rivals.Arm{
	Name: "sqlc", Module: pgxModule, About: "sqlc's code for pgx on a pgxpool; every optional filter is sent",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool, err := openPool(ctx, o)
		if err != nil {
			return nil, err
		}
		s := queriesOn(store.New(pool))
		s.CachedBookByID.Why = noCache
		s.Close = pool.Close
		return s, nil
	},
}

// queriesOn has the operations of sqlc's code, on anything that it can run on.
func queriesOn(q *store.Queries) *rivals.Store {
	a := queries{q}
	return &rivals.Store{
		Ping:        rivals.Plain(a.ping),
		BookByID:    rivals.As(q.BookByID, storedBook),
		BooksAfter:  rivals.As(a.booksAfter, rivals.Each(storedBook)),
		InsertBook:  rivals.Plain(a.insertBook),
		InsertBooks: rivals.Plain(a.insertBooks),
		CopyBooks:   rivals.Plain(a.copyBooks),
		UpsertBook:  rivals.Plain(a.upsertBook),
		SetPrice:    rivals.Plain(a.setPrice),
		AuthorsWith: rivals.As(a.authorsWith, rivals.Each(authorWithBooks.author)),
		Search:      rivals.As(a.search, rivals.Each(storedBook)),
		Keyset:      rivals.As(a.keyset, rivals.Each(storedBook)),
		Offset:      rivals.As(a.offset, rivals.Each(storedBook)),
		ByTitle:     rivals.As(q.BooksByTitle, rivals.Each(func(r store.BooksByTitleRow) rivals.Book { return titled(r).book() })),
		Flagged:     rivals.As(a.flagged, rivals.Each(storedBook)),
	}
}

func storedBook(b store.Book) rivals.Book {
	return rivals.Book{ID: b.ID, AuthorID: b.AuthorID, ISBN: b.Isbn, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt}
}

type queries struct{ q *store.Queries }

func (a queries) ping(ctx context.Context, _ rivals.None) (int, error) {
	one, err := a.q.Ping(ctx)
	return int(one), err
}

func (a queries) booksAfter(ctx context.Context, r rivals.Range) ([]store.Book, error) {
	return a.q.BooksAfter(ctx, r.After, r.Limit)
}

func (a queries) insertBook(ctx context.Context, b rivals.Book) (int64, error) {
	return a.q.InsertBook(ctx, store.InsertBookParams{AuthorID: b.AuthorID, Isbn: b.ISBN, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt})
}

func (a queries) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	c := columnsOf(books)
	return a.q.InsertBooks(ctx, store.InsertBooksParams{
		AuthorIds: c.authorIDs, Isbns: c.isbns, Titles: c.titles, Prices: c.prices, Stocks: c.stocks, AddedAts: c.addedAts,
	})
}

func (a queries) copyBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	rows := make([]store.CopyBooksParams, len(books))
	for i, b := range books {
		rows[i] = store.CopyBooksParams{AuthorID: b.AuthorID, Isbn: b.ISBN, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt}
	}
	return a.q.CopyBooks(ctx, rows)
}

func (a queries) upsertBook(ctx context.Context, b rivals.Book) (int64, error) {
	return a.q.UpsertBook(ctx, store.UpsertBookParams{AuthorID: b.AuthorID, Isbn: b.ISBN, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt})
}

func (a queries) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	n, err := a.q.SetPrice(ctx, p.Price, p.ID)
	if err != nil {
		return 0, err
	}
	return oneRow(n)
}

// authorWithBooks is an author, and a part of the books that were read.
type authorWithBooks struct {
	store.Author
	books []store.Book
}

func (a authorWithBooks) author() rivals.Author {
	return rivals.Author{ID: a.ID, Name: a.Name, Books: rivals.Each(storedBook)(a.books)}
}

// authorsWith reads the authors, and then the books of all of them.
func (a queries) authorsWith(ctx context.Context, r rivals.Range) ([]authorWithBooks, error) {
	rows, err := a.q.AuthorsAfter(ctx, r.After, r.Limit)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	books, err := a.q.BooksOfAuthors(ctx, ids)
	if err != nil {
		return nil, err
	}
	authors := make([]authorWithBooks, len(rows))
	for i, row := range rows {
		n := 0
		for n < len(books) && books[n].AuthorID == row.ID {
			n++
		}
		authors[i], books = authorWithBooks{row, books[:n:n]}, books[n:]
	}
	return authors, nil
}

func (a queries) search(ctx context.Context, f rivals.Filter) ([]store.Book, error) {
	return a.q.SearchBooks(ctx, store.SearchBooksParams{
		AuthorID: f.AuthorID, Title: f.Title, MinPrice: f.MinPrice, MaxPrice: f.MaxPrice, MinStock: f.MinStock, AddedSince: f.AddedSince, MaxRows: f.Limit,
	})
}

func (a queries) keyset(ctx context.Context, k rivals.Keyset) ([]store.Book, error) {
	return a.q.BooksByPrice(ctx, store.BooksByPriceParams{AfterPrice: k.AfterPrice, AfterID: k.AfterID, MaxRows: k.Limit})
}

func (a queries) offset(ctx context.Context, o rivals.Offset) ([]store.Book, error) {
	return a.q.BooksByPriceOffset(ctx, o.Skip, o.Limit)
}

func (a queries) flagged(ctx context.Context, f rivals.Flagged) ([]store.Book, error) {
	return a.q.BooksOfNamed(ctx, store.BooksOfNamedParams{OfAuthor: f.OfAuthor, Author: f.Author, MaxRows: f.Limit})
}
