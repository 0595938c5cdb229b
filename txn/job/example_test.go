package job_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
	"github.com/sqlkeel/sqlkeel/txn/job"
)

func ExampleRun() {
	ctx := context.Background()
	tb, done := pgtest.ForExample()
	defer done()
	pool := pgtest.New(tb).Pool()
	_, err := pool.Exec(ctx, `CREATE TABLE books (id int PRIMARY KEY, slug text);
		INSERT INTO books SELECT generate_series(1, 250);
		CREATE TABLE cursors (job text PRIMARY KEY, last int NOT NULL);
		INSERT INTO cursors VALUES ('slugs', 0)`)
	if err != nil {
		log.Fatal(err)
	}
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	slugs := job.Job[int]{
		Op: txn.Op{Name: "slugs"},
		Load: func(ctx context.Context, tx *txn.Tx) (last int, err error) {
			err = tx.QueryRow(ctx, `SELECT last FROM cursors WHERE job = 'slugs' FOR UPDATE`).Scan(&last)
			return last, err
		},
		Step: func(ctx context.Context, tx *txn.Tx, last int) (next int, done bool, err error) {
			const size = 100
			tag, err := tx.Exec(ctx, `UPDATE books SET slug = 'book-' || id WHERE id > $1 AND id <= $1 + $2`, last, size)
			return last + int(tag.RowsAffected()), tag.RowsAffected() < size, err
		},
		Save: func(ctx context.Context, tx *txn.Tx, last int) error {
			_, err := tx.Exec(ctx, `UPDATE cursors SET last = $1 WHERE job = 'slugs'`, last)
			return err
		},
	}
	slugs.MaxChunks = 1 // as if it was stopped
	progress, err := job.Run(ctx, runner, slugs)
	fmt.Printf("%+v %v\n", progress, err)
	slugs.MaxChunks = 0
	progress, err = job.Run(ctx, runner, slugs)
	fmt.Printf("%+v %v\n", progress, err)
	// Output:
	// {Chunks:1 Skipped:0 Done:false Cursor:100} <nil>
	// {Chunks:2 Skipped:0 Done:true Cursor:250} <nil>
}
