package arms

import (
	"context"

	"github.com/aarondl/opt/omit"
	"github.com/jackc/pgx/v5"
	"github.com/stephenafamo/bob"
	"github.com/stephenafamo/bob/dialect/psql"
	"github.com/stephenafamo/bob/dialect/psql/dialect"
	"github.com/stephenafamo/bob/dialect/psql/im"
	"github.com/stephenafamo/bob/dialect/psql/sm"
	bobpgx "github.com/stephenafamo/bob/drivers/pgx"
	"github.com/stephenafamo/scan"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/models"
)

// bobArm is the code that bob generates of the database, on bob's driver for a pgxpool.
var bobArm = rivals.Arm{
	Name: "bob", Module: "github.com/stephenafamo/bob", About: "bob's generated models on its driver for a pgxpool; children by ThenLoad; COPY by the pool",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool, err := openPool(ctx, o)
		if err != nil {
			return nil, err
		}
		a := bobExecutor{bobpgx.NewPool(pool)}
		return &rivals.Store{
			Ping:           rivals.Plain(a.ping),
			BookByID:       rivals.As(a.bookByID, bobBook),
			BooksAfter:     rivals.As(a.booksAfter, bobBooks),
			InsertBook:     rivals.Plain(a.insertBook),
			InsertBooks:    rivals.Plain(a.insertBooks),
			CopyBooks:      rivals.Plain(a.copyBooks),
			UpsertBook:     rivals.Plain(a.upsertBook),
			SetPrice:       rivals.Plain(a.setPrice),
			AuthorsWith:    rivals.As(a.authorsWith, bobAuthors),
			Search:         rivals.As(a.search, bobBooks),
			Keyset:         rivals.As(a.keyset, bobBooks),
			Offset:         rivals.As(a.offset, bobBooks),
			CachedBookByID: rivals.Op[int64, rivals.Book]{Why: noCache},
			ByTitle:        rivals.As(a.byTitle, rivals.Each(titled.book)),
			Flagged:        rivals.As(a.flagged, bobBooks),
			Close:          pool.Close,
		}, nil
	},
}

func bobBook(b *models.Book) rivals.Book {
	return rivals.Book{ID: b.ID, AuthorID: b.AuthorID, ISBN: b.Isbn, Title: b.Title, Price: b.Price, Stock: b.Stock, AddedAt: b.AddedAt}
}

func bobBooks(books models.BookSlice) []rivals.Book { return rivals.Each(bobBook)(books) }

func bobAuthors(authors models.AuthorSlice) []rivals.Author {
	return rivals.Each(func(a *models.Author) rivals.Author {
		return rivals.Author{ID: a.ID, Name: a.Name, Books: bobBooks(a.R.Books)}
	})(authors)
}

func bobSetter(b rivals.Book) *models.BookSetter {
	return &models.BookSetter{
		AuthorID: omit.From(b.AuthorID), Isbn: omit.From(b.ISBN), Title: omit.From(b.Title),
		Price: omit.From(b.Price), Stock: omit.From(b.Stock), AddedAt: omit.From(b.AddedAt),
	}
}

// selectMod is a part of a SELECT.
type selectMod = bob.Mod[*dialect.SelectQuery]

type bobExecutor struct{ pool bobpgx.Pool }

func (a bobExecutor) ping(ctx context.Context, _ rivals.None) (int, error) {
	return bob.One(ctx, a.pool, psql.RawQuery("SELECT 1"), scan.SingleColumnMapper[int])
}

func (a bobExecutor) bookByID(ctx context.Context, id int64) (*models.Book, error) {
	return models.FindBook(ctx, a.pool, id)
}

func (a bobExecutor) booksAfter(ctx context.Context, r rivals.Range) (models.BookSlice, error) {
	return models.Books.Query(
		models.SelectWhere.Books.ID.GT(r.After), sm.OrderBy(models.Books.Columns.ID), sm.Limit(psql.Arg(r.Limit)),
	).All(ctx, a.pool)
}

func (a bobExecutor) insertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row, err := models.Books.Insert(bobSetter(b)).One(ctx, a.pool)
	if err != nil {
		return 0, err
	}
	return row.ID, nil
}

func (a bobExecutor) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	setters := make([]*models.BookSetter, len(books))
	for i, b := range books {
		setters[i] = bobSetter(b)
	}
	return models.Books.Insert(bob.ToMods(setters...)).Exec(ctx, a.pool)
}

func (a bobExecutor) copyBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	return a.pool.CopyFrom(ctx, pgx.Identifier{"books"}, copiedColumns, copied(books))
}

func (a bobExecutor) upsertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row, err := models.Books.Insert(bobSetter(b), im.OnConflict("isbn").DoUpdate(im.SetExcluded("price", "stock"))).One(ctx, a.pool)
	if err != nil {
		return 0, err
	}
	return row.ID, nil
}

func (a bobExecutor) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	n, err := models.Books.Update(
		models.BookSetter{Price: omit.From(p.Price)}.UpdateMod(), models.UpdateWhere.Books.ID.EQ(p.ID),
	).Exec(ctx, a.pool)
	if err != nil {
		return 0, err
	}
	return oneRow(n)
}

func (a bobExecutor) authorsWith(ctx context.Context, r rivals.Range) (models.AuthorSlice, error) {
	return models.Authors.Query(
		models.SelectWhere.Authors.ID.GT(r.After), sm.OrderBy(models.Authors.Columns.ID), sm.Limit(psql.Arg(r.Limit)),
		models.SelectThenLoad.Author.Books(sm.OrderBy(models.Books.Columns.ID)),
	).All(ctx, a.pool)
}

func (a bobExecutor) search(ctx context.Context, f rivals.Filter) (models.BookSlice, error) {
	where := models.SelectWhere.Books
	var mods []selectMod
	if f.AuthorID != nil {
		mods = append(mods, where.AuthorID.EQ(*f.AuthorID))
	}
	if f.Title != nil {
		mods = append(mods, where.Title.EQ(*f.Title))
	}
	if f.MinPrice != nil {
		mods = append(mods, where.Price.GTE(*f.MinPrice))
	}
	if f.MaxPrice != nil {
		mods = append(mods, where.Price.LTE(*f.MaxPrice))
	}
	if f.MinStock != nil {
		mods = append(mods, where.Stock.GTE(*f.MinStock))
	}
	if f.AddedSince != nil {
		mods = append(mods, where.AddedAt.GTE(*f.AddedSince))
	}
	mods = append(mods, sm.OrderBy(models.Books.Columns.ID), sm.Limit(psql.Arg(f.Limit)))
	return models.Books.Query(mods...).All(ctx, a.pool)
}

func (a bobExecutor) keyset(ctx context.Context, k rivals.Keyset) (models.BookSlice, error) {
	price, id := models.Books.Columns.Price, models.Books.Columns.ID
	return models.Books.Query(
		sm.Where(psql.Group(price, id).GT(psql.ArgGroup(k.AfterPrice, k.AfterID))), sm.OrderBy(price), sm.OrderBy(id), sm.Limit(psql.Arg(k.Limit)),
	).All(ctx, a.pool)
}

func (a bobExecutor) offset(ctx context.Context, o rivals.Offset) (models.BookSlice, error) {
	return models.Books.Query(
		sm.OrderBy(models.Books.Columns.Price), sm.OrderBy(models.Books.Columns.ID), sm.Limit(psql.Arg(o.Limit)), sm.Offset(psql.Arg(o.Skip)),
	).All(ctx, a.pool)
}

func (a bobExecutor) byTitle(ctx context.Context, id *int64) ([]titled, error) {
	mods := []selectMod{sm.Columns("id", "title", "price"), sm.From("books"), sm.OrderBy("title"), sm.OrderBy("id")}
	if id != nil {
		mods = append(mods, sm.Where(psql.Quote("id").EQ(psql.Arg(*id))))
	}
	return bob.All(ctx, a.pool, psql.Select(mods...), scan.StructMapper[titled]())
}

func (a bobExecutor) flagged(ctx context.Context, f rivals.Flagged) (models.BookSlice, error) {
	mods := []selectMod{sm.OrderBy(models.Books.Columns.ID), sm.Limit(psql.Arg(f.Limit))}
	if f.OfAuthor {
		named := psql.Select(sm.Columns("id"), sm.From("authors"), models.SelectWhere.Authors.Name.EQ(f.Author))
		mods = append(mods, sm.Where(models.Books.Columns.AuthorID.In(named)))
	}
	return models.Books.Query(mods...).All(ctx, a.pool)
}
