package arms

import (
	"context"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// gormArm is gorm as its page on performance has it: prepared statements are cached, and
// a write is not wrapped in a transaction.
var gormArm = rivals.Arm{
	Name: "gorm", Module: "gorm.io/gorm", About: "gorm on pgx, with PrepareStmt and SkipDefaultTransaction; children by Preload",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool, err := openDB(ctx, o)
		if err != nil {
			return nil, err
		}
		db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{PrepareStmt: true, SkipDefaultTransaction: true, Logger: logger.Discard})
		if err != nil {
			_ = pool.Close()
			return nil, err
		}
		a := gormDB{db}
		return &rivals.Store{
			Ping:           rivals.Plain(a.ping),
			BookByID:       rivals.As(a.bookByID, gormBook.book),
			BooksAfter:     rivals.As(a.booksAfter, rivals.Each(gormBook.book)),
			InsertBook:     rivals.Plain(a.insertBook),
			InsertBooks:    rivals.Plain(a.insertBooks),
			CopyBooks:      rivals.Op[[]rivals.Book, int64]{Why: noCopy},
			UpsertBook:     rivals.Plain(a.upsertBook),
			SetPrice:       rivals.Plain(a.setPrice),
			AuthorsWith:    rivals.As(a.authorsWith, rivals.Each(gormAuthor.author)),
			Search:         rivals.As(a.search, rivals.Each(gormBook.book)),
			Keyset:         rivals.As(a.keyset, rivals.Each(gormBook.book)),
			Offset:         rivals.As(a.offset, rivals.Each(gormBook.book)),
			CachedBookByID: rivals.Op[int64, rivals.Book]{Why: noCache},
			ByTitle:        rivals.As(a.byTitle, rivals.Each(titled.book)),
			Flagged:        rivals.As(a.flagged, rivals.Each(gormBook.book)),
			Close:          func() { _ = pool.Close() },
		}, nil
	},
}

type gormAuthor struct {
	ID    int64
	Name  string
	Books []gormBook `gorm:"foreignKey:AuthorID"`
}

// TableName is what gorm calls the table.
func (gormAuthor) TableName() string { return "authors" }

func (a gormAuthor) author() rivals.Author {
	return rivals.Author{ID: a.ID, Name: a.Name, Books: rivals.Each(gormBook.book)(a.Books)}
}

type gormBook struct {
	ID       int64
	AuthorID int64
	ISBN     string
	Title    string
	Price    int64
	Stock    int32
	AddedAt  time.Time
}

// TableName is what gorm calls the table.
func (gormBook) TableName() string { return "books" }

func (b gormBook) book() rivals.Book { return rivals.Book(b) }

type gormDB struct{ db *gorm.DB }

func (a gormDB) ping(ctx context.Context, _ rivals.None) (one int, err error) {
	err = a.db.WithContext(ctx).Raw("SELECT 1").Scan(&one).Error
	return one, err
}

func (a gormDB) bookByID(ctx context.Context, id int64) (b gormBook, err error) {
	err = a.db.WithContext(ctx).First(&b, id).Error
	return b, err
}

func (a gormDB) booksAfter(ctx context.Context, r rivals.Range) (books []gormBook, err error) {
	err = a.db.WithContext(ctx).Where("id > ?", r.After).Order("id").Limit(int(r.Limit)).Find(&books).Error
	return books, err
}

func (a gormDB) insertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row := gormBook(b)
	err := a.db.WithContext(ctx).Create(&row).Error
	return row.ID, err
}

func (a gormDB) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	rows := make([]gormBook, len(books))
	for i, b := range books {
		rows[i] = gormBook(b)
	}
	result := a.db.WithContext(ctx).Create(&rows)
	return result.RowsAffected, result.Error
}

func (a gormDB) upsertBook(ctx context.Context, b rivals.Book) (int64, error) {
	row := gormBook(b)
	err := a.db.WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "isbn"}},
		DoUpdates: clause.AssignmentColumns([]string{"price", "stock"}),
	}).Create(&row).Error
	return row.ID, err
}

func (a gormDB) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	result := a.db.WithContext(ctx).Model(&gormBook{ID: p.ID}).Update("price", p.Price)
	if result.Error != nil {
		return 0, result.Error
	}
	return oneRow(result.RowsAffected)
}

func (a gormDB) authorsWith(ctx context.Context, r rivals.Range) (authors []gormAuthor, err error) {
	byID := func(db *gorm.DB) *gorm.DB { return db.Order("books.id") }
	err = a.db.WithContext(ctx).Preload("Books", byID).Where("id > ?", r.After).Order("id").Limit(int(r.Limit)).Find(&authors).Error
	return authors, err
}

func (a gormDB) search(ctx context.Context, f rivals.Filter) (books []gormBook, err error) {
	q := a.db.WithContext(ctx)
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
	err = q.Order("id").Limit(int(f.Limit)).Find(&books).Error
	return books, err
}

func (a gormDB) keyset(ctx context.Context, k rivals.Keyset) (books []gormBook, err error) {
	err = a.db.WithContext(ctx).Where("(price, id) > (?, ?)", k.AfterPrice, k.AfterID).Order("price, id").Limit(int(k.Limit)).Find(&books).Error
	return books, err
}

func (a gormDB) offset(ctx context.Context, o rivals.Offset) (books []gormBook, err error) {
	err = a.db.WithContext(ctx).Order("price, id").Limit(int(o.Limit)).Offset(int(o.Skip)).Find(&books).Error
	return books, err
}

func (a gormDB) byTitle(ctx context.Context, id *int64) (list []titled, err error) {
	q := a.db.WithContext(ctx).Model(&gormBook{}).Order("title, id")
	if id != nil {
		q = q.Where("id = ?", *id)
	}
	err = q.Find(&list).Error // gorm selects the fields of the smaller struct alone
	return list, err
}

func (a gormDB) flagged(ctx context.Context, f rivals.Flagged) (books []gormBook, err error) {
	q := a.db.WithContext(ctx)
	if f.OfAuthor {
		named := a.db.Model(&gormAuthor{}).Select("1").Where("authors.id = books.author_id AND authors.name = ?", f.Author)
		q = q.Where("EXISTS (?)", named)
	}
	err = q.Order("id").Limit(int(f.Limit)).Find(&books).Error
	return books, err
}
