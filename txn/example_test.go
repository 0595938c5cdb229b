package txn_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

var ctx = context.Background()

func ExampleDo() {
	pool, done := database(`CREATE TABLE accounts (id int PRIMARY KEY, cents bigint NOT NULL);
		INSERT INTO accounts VALUES (1, 500), (2, 0)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	op := txn.Op{Name: "transfer", Iso: pgx.Serializable}
	left, err := txn.Do(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) (cents int64, err error) {
		err = tx.QueryRow(ctx, `UPDATE accounts SET cents = cents - 200 WHERE id = 1 RETURNING cents`).Scan(&cents)
		if err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, `UPDATE accounts SET cents = cents + 200 WHERE id = 2`)
		return cents, err
	})
	fmt.Println(left, err)
	// Output: 300 <nil>
}

func ExampleTx_Savepoint() {
	pool, done := database(`CREATE TABLE users (email text CONSTRAINT users_email_key UNIQUE)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	usersEmailKey := pgerr.ConstraintID{Schema: "public", Table: "users", Name: "users_email_key"} // as sqlkeel generates it
	err = txn.Run(ctx, runner, txn.Op{Name: "import users"}, func(ctx context.Context, tx *txn.Tx) error {
		for _, email := range []string{"ann@example.com", "bob@example.com", "ann@example.com"} {
			err := tx.Savepoint(ctx, func(ctx context.Context) error {
				_, err := tx.Exec(ctx, `INSERT INTO users VALUES ($1)`, email)
				return err
			})
			switch {
			case pgerr.Is(err, usersEmailKey):
				fmt.Println("already there:", email)
			case err != nil:
				return err
			}
		}
		var n int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM users`).Scan(&n)
		fmt.Println("users:", n)
		return err
	})
	fmt.Println(err)
	// Output:
	// already there: ann@example.com
	// users: 2
	// <nil>
}

func ExampleRetryable() {
	pool, done := database(``)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	errBusy := errors.New("the shelf is being counted")
	op := txn.Op{Name: "restock", MaxAttempts: 3}
	err = txn.Run(ctx, runner, op, func(_ context.Context, tx *txn.Tx) error {
		fmt.Println("attempt", tx.Attempt())
		if tx.Attempt() == 1 {
			return txn.Retryable(errBusy)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// attempt 1
	// attempt 2
	// <nil>
}
