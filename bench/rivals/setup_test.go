package rivals

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// small is a run of one workload with arms that read and write few books.
func small(t *testing.T, workload string, arms ...Arm) Config {
	t.Helper()
	return Config{Server: pgtest.New(t).DSN(), Arms: arms, Workloads: []string{workload}, Rounds: 2, Duration: time.Millisecond, Conns: 2, MostRows: 1000}
}

var errBroken = errors.New("broken")

// plain is an arm that reads a book and writes a price, after change has had its way.
func plain(name string, change func(*Store)) Arm {
	return Arm{Name: name, Open: func(ctx context.Context, o Options) (*Store, error) {
		pool, err := pgxpool.New(ctx, o.DSN)
		if err != nil {
			return nil, err
		}
		s := &Store{
			BookByID: Plain(func(ctx context.Context, id int64) (b Book, err error) {
				err = pool.QueryRow(ctx, `SELECT id, author_id, isbn, title, price, stock, added_at FROM books WHERE id = $1`, id).
					Scan(&b.ID, &b.AuthorID, &b.ISBN, &b.Title, &b.Price, &b.Stock, &b.AddedAt)
				return b, err
			}),
			SetPrice: Plain(func(ctx context.Context, p Price) (int64, error) {
				tag, err := pool.Exec(ctx, `UPDATE books SET price = $1 WHERE id = $2`, p.Price, p.ID)
				return tag.RowsAffected(), err
			}),
			InsertBook: Plain(func(ctx context.Context, b Book) (id int64, err error) {
				err = pool.QueryRow(ctx, `INSERT INTO books (author_id, isbn, title, price, stock, added_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
					b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt).Scan(&id)
				return id, err
			}),
			CopyBooks: Op[[]Book, int64]{Why: "it knows no COPY"},
			Close:     pool.Close,
		}
		if change != nil {
			change(s)
		}
		return s, nil
	}}
}
