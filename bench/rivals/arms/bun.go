package arms

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"strconv"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/driver/pgdriver"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// bunArm is bun with its own driver. bun writes the arguments into the statements, so
// nothing is prepared.
var bunArm = rivals.Arm{
	Name: "bun", Module: "github.com/uptrace/bun", About: "bun on its own pgdriver; children by Relation; COPY by pgdriver.CopyFrom, as CSV",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool := sql.OpenDB(pgdriver.NewConnector(pgdriver.WithDSN(o.DSN)))
		pool.SetMaxOpenConns(o.Conns)
		pool.SetMaxIdleConns(o.Conns)
		db := bun.NewDB(pool, pgdialect.New())
		if err := db.PingContext(ctx); err != nil {
			_ = db.Close()
			return nil, err
		}
		a := bunDB{db}
		return &rivals.Store{
			Ping:           rivals.Plain(a.ping),
			BookByID:       rivals.As(a.bookByID, (*bunBook).book),
			BooksAfter:     rivals.As(a.booksAfter, rivals.Each(bunBook.common)),
			InsertBook:     rivals.Plain(a.insertBook),
			InsertBooks:    rivals.Plain(a.insertBooks),
			CopyBooks:      rivals.Plain(a.copyBooks),
			UpsertBook:     rivals.Plain(a.upsertBook),
			SetPrice:       rivals.Plain(a.setPrice),
			AuthorsWith:    rivals.As(a.authorsWith, rivals.Each(bunAuthor.author)),
			Search:         rivals.As(a.search, rivals.Each(bunBook.common)),
			Keyset:         rivals.As(a.keyset, rivals.Each(bunBook.common)),
			Offset:         rivals.As(a.offset, rivals.Each(bunBook.common)),
			CachedBookByID: rivals.Op[int64, rivals.Book]{Why: noCache},
			ByTitle:        rivals.As(a.byTitle, rivals.Each(bunBook.common)),
			Flagged:        rivals.As(a.flagged, rivals.Each(bunBook.common)),
			Close:          func() { _ = db.Close() },
		}, nil
	},
}

type bunAuthor struct {
	bun.BaseModel `bun:"table:authors,alias:a"`

	ID    int64 `bun:"id,pk,autoincrement"`
	Name  string
	Books []bunBook `bun:"rel:has-many,join:id=author_id"`
}

func (a bunAuthor) author() rivals.Author {
	return rivals.Author{ID: a.ID, Name: a.Name, Books: rivals.Each(bunBook.common)(a.Books)}
}

type bunBook struct {
	bun.BaseModel `bun:"table:books,alias:b"`

	ID       int64 `bun:"id,pk,autoincrement"`
	AuthorID int64
	ISBN     string `bun:"isbn"`
	Title    string
	Price    int64
	Stock    int32
	AddedAt  time.Time
}

func newBunBook(b rivals.Book) bunBook {
	return bunBook{ID: b.ID, AuthorID: b.AuthorID, ISBN: b.ISBN, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt}
}

func (b *bunBook) book() rivals.Book { return b.common() }

func (b bunBook) common() rivals.Book {
	return rivals.Book{ID: b.ID, AuthorID: b.AuthorID, ISBN: b.ISBN, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt}
}

type bunDB struct{ db *bun.DB }

func (a bunDB) ping(ctx context.Context, _ rivals.None) (one int, err error) {
	err = a.db.NewRaw("SELECT 1").Scan(ctx, &one)
	return one, err
}

func (a bunDB) bookByID(ctx context.Context, id int64) (*bunBook, error) {
	b := new(bunBook)
	err := a.db.NewSelect().Model(b).Where("id = ?", id).Scan(ctx)
	return b, err
}

func (a bunDB) booksAfter(ctx context.Context, r rivals.Range) (books []bunBook, err error) {
	err = a.db.NewSelect().Model(&books).Where("id > ?", r.After).Order("id").Limit(int64(r.Limit)).Scan(ctx)
	return books, err
}

func (a bunDB) insertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row := newBunBook(b)
	_, err := a.db.NewInsert().Model(&row).Exec(ctx)
	return row.ID, err
}

func (a bunDB) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	rows := make([]bunBook, len(books))
	for i, b := range books {
		rows[i] = newBunBook(b)
	}
	result, err := a.db.NewInsert().Model(&rows).Returning("NULL").Exec(ctx)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (a bunDB) copyBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	var rows bytes.Buffer
	w := csv.NewWriter(&rows)
	for _, b := range books {
		err := w.Write([]string{
			strconv.FormatInt(b.AuthorID, 10), b.ISBN, b.Title, strconv.FormatInt(b.Price, 10), strconv.Itoa(int(b.Stock)), b.AddedAt.Format(time.RFC3339Nano),
		})
		if err != nil {
			return 0, err
		}
	}
	w.Flush()
	conn, err := a.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	result, err := pgdriver.CopyFrom(ctx, conn, &rows, `COPY books (author_id, isbn, title, price, stock, added_at) FROM STDIN WITH (FORMAT csv)`)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (a bunDB) upsertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row := newBunBook(b)
	_, err := a.db.NewInsert().Model(&row).On("CONFLICT (isbn) DO UPDATE").Set("price = EXCLUDED.price").Set("stock = EXCLUDED.stock").Exec(ctx)
	return row.ID, err
}

func (a bunDB) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	result, err := a.db.NewUpdate().Model(&bunBook{ID: p.ID, Price: p.Price}).Column("price").WherePK().Exec(ctx)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	return oneRow(n)
}

func (a bunDB) authorsWith(ctx context.Context, r rivals.Range) (authors []bunAuthor, err error) {
	byID := func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("b.id") }
	err = a.db.NewSelect().Model(&authors).Relation("Books", byID).Where("a.id > ?", r.After).Order("a.id").Limit(int64(r.Limit)).Scan(ctx)
	return authors, err
}

func (a bunDB) search(ctx context.Context, f rivals.Filter) (books []bunBook, err error) {
	q := a.db.NewSelect().Model(&books)
	if f.AuthorID != nil {
		q = q.Where("author_id = ?", *f.AuthorID)
	}
	if f.Title != nil {
		q = q.Where("title = ?", *f.Title)
	}
	if f.MinPrice != nil {
		q = q.Where("price >= ?", *f.MinPrice)
	}
	if f.MaxPrice != nil {
		q = q.Where("price <= ?", *f.MaxPrice)
	}
	if f.MinStock != nil {
		q = q.Where("stock >= ?", *f.MinStock)
	}
	if f.AddedSince != nil {
		q = q.Where("added_at >= ?", *f.AddedSince)
	}
	err = q.Order("id").Limit(int64(f.Limit)).Scan(ctx)
	return books, err
}

func (a bunDB) keyset(ctx context.Context, k rivals.Keyset) (books []bunBook, err error) {
	err = a.db.NewSelect().Model(&books).Where("(price, id) > (?, ?)", k.AfterPrice, k.AfterID).Order("price", "id").Limit(int64(k.Limit)).Scan(ctx)
	return books, err
}

func (a bunDB) offset(ctx context.Context, o rivals.Offset) (books []bunBook, err error) {
	err = a.db.NewSelect().Model(&books).Order("price", "id").Limit(int64(o.Limit)).Offset(int64(o.Skip)).Scan(ctx)
	return books, err
}

func (a bunDB) byTitle(ctx context.Context, id *int64) (books []bunBook, err error) {
	q := a.db.NewSelect().Model(&books).Column("id", "title", "price").Order("title", "id")
	if id != nil {
		q = q.Where("id = ?", *id)
	}
	err = q.Scan(ctx)
	return books, err
}

func (a bunDB) flagged(ctx context.Context, f rivals.Flagged) (books []bunBook, err error) {
	q := a.db.NewSelect().Model(&books)
	if f.OfAuthor {
		named := a.db.NewSelect().Model((*bunAuthor)(nil)).ColumnExpr("1").Where("a.id = b.author_id").Where("a.name = ?", f.Author)
		q = q.Where("EXISTS (?)", named)
	}
	err = q.Order("id").Limit(int64(f.Limit)).Scan(ctx)
	return books, err
}
