package arms

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/ent"
	"github.com/sqlkeel/sqlkeel/bench/rivals/ent/author"
	"github.com/sqlkeel/sqlkeel/bench/rivals/ent/book"
	"github.com/sqlkeel/sqlkeel/bench/rivals/ent/predicate"
)

// entArm is ent's code on database/sql with the driver of pgx, as its documentation has it.
var entArm = rivals.Arm{
	Name: "ent", Module: "entgo.io/ent", About: "ent's code on pgx/stdlib, with its features upsert and execquery; children by WithBooks",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool, err := openDB(ctx, o)
		if err != nil {
			return nil, err
		}
		a := entClient{ent.NewClient(ent.Driver(sql.OpenDB(dialect.Postgres, pool)))}
		return &rivals.Store{
			Ping:           rivals.Plain(a.ping),
			BookByID:       rivals.As(a.bookByID, entBook),
			BooksAfter:     rivals.As(a.booksAfter, rivals.Each(entBook)),
			InsertBook:     rivals.Plain(a.insertBook),
			InsertBooks:    rivals.Plain(a.insertBooks),
			CopyBooks:      rivals.Op[[]rivals.Book, int64]{Why: noCopy},
			UpsertBook:     rivals.Plain(a.upsertBook),
			SetPrice:       rivals.Plain(a.setPrice),
			AuthorsWith:    rivals.As(a.authorsWith, rivals.Each(entAuthor)),
			Search:         rivals.As(a.search, rivals.Each(entBook)),
			Keyset:         rivals.As(a.keyset, rivals.Each(entBook)),
			Offset:         rivals.As(a.offset, rivals.Each(entBook)),
			CachedBookByID: rivals.Op[int64, rivals.Book]{Why: noCache},
			ByTitle:        rivals.As(a.byTitle, rivals.Each(titled.book)),
			Flagged:        rivals.As(a.flagged, rivals.Each(entBook)),
			Close:          func() { _ = a.Close() },
		}, nil
	},
}

func entBook(b *ent.Book) rivals.Book {
	return rivals.Book{ID: b.ID, AuthorID: b.AuthorID, ISBN: b.Isbn, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt}
}

func entAuthor(a *ent.Author) rivals.Author {
	return rivals.Author{ID: a.ID, Name: a.Name, Books: rivals.Each(entBook)(a.Edges.Books)}
}

type entClient struct{ *ent.Client }

func (a entClient) ping(ctx context.Context, _ rivals.None) (int, error) {
	rows, err := a.QueryContext(ctx, "SELECT 1")
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	return sql.ScanInt(rows)
}

func (a entClient) bookByID(ctx context.Context, id int64) (*ent.Book, error) {
	return a.Book.Get(ctx, id)
}

func (a entClient) booksAfter(ctx context.Context, r rivals.Range) ([]*ent.Book, error) {
	return a.Book.Query().Where(book.IDGT(r.After)).Order(book.ByID()).Limit(int(r.Limit)).All(ctx)
}

// setBook sets all fields but the id.
func setBook(create *ent.BookCreate, b rivals.Book) *ent.BookCreate {
	return create.SetAuthorID(b.AuthorID).SetIsbn(b.ISBN).SetTitle(b.Title).SetPrice(b.Price).SetStock(b.Stock).SetAddedAt(b.AddedAt)
}

func (a entClient) insertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row, err := setBook(a.Book.Create(), b).Save(ctx)
	if err != nil {
		return 0, err
	}
	return row.ID, nil
}

func (a entClient) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	rows, err := a.Book.MapCreateBulk(books, func(c *ent.BookCreate, i int) { setBook(c, books[i]) }).Save(ctx)
	return int64(len(rows)), err
}

func (a entClient) upsertBook(ctx context.Context, b rivals.Book) (int64, error) {
	return setBook(a.Book.Create(), b).OnConflictColumns(book.FieldIsbn).Update(func(u *ent.BookUpsert) {
		u.UpdatePrice().UpdateStock()
	}).ID(ctx)
}

// setPrice does not use UpdateOneID, which reads the row afterwards, in a transaction.
func (a entClient) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	n, err := a.Book.Update().Where(book.ID(p.ID)).SetPrice(p.Price).Save(ctx)
	if err != nil {
		return 0, err
	}
	return oneRow(int64(n))
}

func (a entClient) authorsWith(ctx context.Context, r rivals.Range) ([]*ent.Author, error) {
	byID := func(q *ent.BookQuery) { q.Order(book.ByID()) }
	return a.Author.Query().Where(author.IDGT(r.After)).Order(author.ByID()).Limit(int(r.Limit)).WithBooks(byID).All(ctx)
}

func (a entClient) search(ctx context.Context, f rivals.Filter) ([]*ent.Book, error) {
	var where []predicate.Book
	if f.AuthorID != nil {
		where = append(where, book.AuthorID(*f.AuthorID))
	}
	if f.Title != nil {
		where = append(where, book.Title(*f.Title))
	}
	if f.MinPrice != nil {
		where = append(where, book.PriceGTE(*f.MinPrice))
	}
	if f.MaxPrice != nil {
		where = append(where, book.PriceLTE(*f.MaxPrice))
	}
	if f.MinStock != nil {
		where = append(where, book.StockGTE(*f.MinStock))
	}
	if f.AddedSince != nil {
		where = append(where, book.AddedAtGTE(*f.AddedSince))
	}
	return a.Book.Query().Where(where...).Order(book.ByID()).Limit(int(f.Limit)).All(ctx)
}

func (a entClient) keyset(ctx context.Context, k rivals.Keyset) ([]*ent.Book, error) {
	after := func(s *sql.Selector) {
		s.Where(sql.CompositeGT([]string{s.C(book.FieldPrice), s.C(book.FieldID)}, k.AfterPrice, k.AfterID))
	}
	return a.Book.Query().Where(after).Order(book.ByPrice(), book.ByID()).Limit(int(k.Limit)).All(ctx)
}

func (a entClient) offset(ctx context.Context, o rivals.Offset) ([]*ent.Book, error) {
	return a.Book.Query().Order(book.ByPrice(), book.ByID()).Limit(int(o.Limit)).Offset(int(o.Skip)).All(ctx)
}

func (a entClient) byTitle(ctx context.Context, id *int64) (list []titled, err error) {
	q := a.Book.Query().Order(book.ByTitle(), book.ByID())
	if id != nil {
		q = q.Where(book.ID(*id))
	}
	err = q.Select(book.FieldID, book.FieldTitle, book.FieldPrice).Scan(ctx, &list)
	return list, err
}

func (a entClient) flagged(ctx context.Context, f rivals.Flagged) ([]*ent.Book, error) {
	q := a.Book.Query()
	if f.OfAuthor {
		q = q.Where(book.HasAuthorWith(author.Name(f.Author)))
	}
	return q.Order(book.ByID()).Limit(int(f.Limit)).All(ctx)
}
