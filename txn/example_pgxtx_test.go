package txn_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/examples/shelf/shelf"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/txn"
)

// enqueue is a function of a library that wants pgx's transaction, and begins one of
// its own in it.
func enqueue(ctx context.Context, tx pgx.Tx, job string) error {
	return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO jobs VALUES ($1)`, job)
		return err
	})
}

// Generated code and libraries get the transaction as pgx's. The Runner ends it.
func ExampleTx_PgxTx() {
	pool, done := database(`CREATE TABLE authors (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, bio text);
		CREATE TABLE jobs (name text)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	q := shelf.New(pool)
	id, err := txn.Do(ctx, runner, txn.Op{Name: "add author"}, func(ctx context.Context, tx *txn.Tx) (int64, error) {
		id, err := q.WithTx(tx.PgxTx()).AddAuthor(ctx, "Ann")
		if err != nil {
			return 0, err
		}
		// enqueue writes the table jobs and nothing else.
		return id, enqueue(ctx, tx.PgxTx(stmt.Effects{Writes: []string{"jobs"}}), "welcome Ann")
	})
	fmt.Println(id, err)

	err = txn.Run(ctx, runner, txn.Op{Name: "add author"}, func(ctx context.Context, tx *txn.Tx) error {
		return tx.PgxTx().Commit(ctx)
	})
	var misuse *txn.MisuseError
	fmt.Println(errors.As(err, &misuse))
	// Output:
	// 1 <nil>
	// true
}
