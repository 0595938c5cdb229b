package migrations_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// shelf is one author with two books, a reader with an account, a review, a
// sale and a promotion.
const shelf = `
	INSERT INTO authors (id, name) VALUES (1, 'Homer');
	INSERT INTO books (id, author_id, title, category, price_cents, stock, published_year)
		VALUES (1, 1, 'The Iliad', 'poetry', 1000, 3, -750), (2, 1, 'The Odyssey', 'poetry', 1200, 0, -725);
	INSERT INTO users (id, email, name) VALUES ('11111111-1111-1111-1111-111111111111', 'reader@example.org', 'Reader');
	INSERT INTO reviews (id, book_id, user_id, rating) VALUES (1, 1, '11111111-1111-1111-1111-111111111111', 5);
	INSERT INTO accounts (id, user_id, name, balance_cents)
		VALUES (1, '11111111-1111-1111-1111-111111111111', 'a', 100), (2, NULL, 'b', 0);
	INSERT INTO sales (book_id, user_id, quantity, unit_price_cents, sold_at)
		VALUES (2, '11111111-1111-1111-1111-111111111111', 2, 1200, '2026-03-01');
	INSERT INTO promotions (book_id, percent, during) VALUES (1, 10, '[2026-01-01,2026-02-01)');`

func stocked(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := pgtest.New(t, pgtest.WithMigrations(migrations.FS)).Conn()
	if _, err := conn.Exec(t.Context(), shelf); err != nil {
		t.Fatal(err)
	}
	return conn
}

// refusals has a statement for every constraint that an application can run
// into. The test below fails when one is missing.
var refusals = map[string]string{
	"users_email_shape":              `INSERT INTO users (email, name) VALUES ('nobody', 'n')`,
	"users_name_not_blank":           `INSERT INTO users (email, name) VALUES ('a@b', ' ')`,
	"users_email_key":                `INSERT INTO users (email, name) VALUES ('READER@example.org', 'n')`,
	"authors_name_key":               `INSERT INTO authors (id, name) VALUES (9, 'Homer')`,
	"authors_name_not_blank":         `INSERT INTO authors (id, name) VALUES (9, '')`,
	"authors_bio_is_object":          `INSERT INTO authors (id, name, bio) VALUES (9, 'n', '[]')`,
	"books_author_id_fkey":           `UPDATE books SET author_id = 9`,
	"books_author_id_title_key":      `UPDATE books SET title = 'The Iliad'`,
	"books_title_not_blank":          `UPDATE books SET title = ' '`,
	"books_price_positive":           `UPDATE books SET price_cents = 0`,
	"books_stock_not_negative":       `UPDATE books SET stock = -1`,
	"books_published_year_range":     `UPDATE books SET published_year = 9999`,
	"promotions_book_id_fkey":        `UPDATE promotions SET book_id = 9`,
	"promotions_percent_range":       `UPDATE promotions SET percent = 91`,
	"promotions_no_overlap":          `INSERT INTO promotions (book_id, percent, during) VALUES (1, 20, '[2026-01-31,2026-03-01)')`,
	"reviews_book_id_fkey":           `UPDATE reviews SET book_id = 9`,
	"reviews_user_id_fkey":           `UPDATE reviews SET user_id = gen_random_uuid()`,
	"reviews_book_id_user_id_key":    `INSERT INTO reviews (id, book_id, user_id, rating) SELECT 2, book_id, user_id, 1 FROM reviews`,
	"reviews_rating_range":           `UPDATE reviews SET rating = 6`,
	"sales_book_id_fkey":             `DELETE FROM books WHERE id = 2`,
	"sales_user_id_fkey":             `UPDATE sales SET user_id = gen_random_uuid()`,
	"sales_quantity_positive":        `UPDATE sales SET quantity = 0`,
	"sales_unit_price_not_negative":  `UPDATE sales SET unit_price_cents = -1`,
	"accounts_user_id_fkey":          `UPDATE accounts SET user_id = gen_random_uuid()`,
	"accounts_name_key":              `UPDATE accounts SET name = 'a'`,
	"accounts_balance_not_negative":  `UPDATE accounts SET balance_cents = -1`,
	"transfers_from_account_fkey":    `INSERT INTO transfers (from_account, to_account, amount_cents) VALUES (9, 1, 1)`,
	"transfers_to_account_fkey":      `INSERT INTO transfers (from_account, to_account, amount_cents) VALUES (1, 9, 1)`,
	"transfers_amount_positive":      `INSERT INTO transfers (from_account, to_account, amount_cents) VALUES (1, 2, 0)`,
	"transfers_between_two_accounts": `INSERT INTO transfers (from_account, to_account, amount_cents) VALUES (1, 1, 1)`,
	"tasks_kind_not_blank":           `INSERT INTO tasks (kind) VALUES ('')`,
	"tasks_ended_when_not_ready":     `INSERT INTO tasks (kind, state) VALUES ('k', 'done')`,
}

func TestEveryConstraintRefusesByItsName(t *testing.T) {
	t.Parallel()
	conn := stocked(t)
	for name, sql := range refusals {
		_, err := conn.Exec(t.Context(), sql)
		if c, _ := pgerr.ConstraintOf(err); c.ID.Name != name {
			t.Errorf("%s: constraint %q refused, error %v; want %q", sql, c.ID.Name, err, name)
		}
	}
}

func TestEveryConstraintHasItsRefusal(t *testing.T) {
	t.Parallel()
	conn := stocked(t)
	rows, err := conn.Query(t.Context(), `
		SELECT conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
		WHERE c.connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u', 'x')
		  AND conparentid = 0 AND NOT r.relispartition AND r.relname <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 25 {
		t.Fatalf("%d constraints, error %v", len(names), err)
	}
	for _, name := range names {
		if refusals[name] == "" {
			t.Errorf("constraint %s has no refusal", name)
		}
	}
}

func TestWhatADeleteTakesAlong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		sql  string
		want string // users authors books reviews sales promotions, and what they still name
	}{
		{"DELETE FROM users", "users 0, authors 1, books 2, reviews 1, sales 1, promotions 1, reviewers 0, buyers 0, owners 0"},
		{"DELETE FROM books WHERE id = 1", "users 1, authors 1, books 1, reviews 0, sales 1, promotions 0, reviewers 0, buyers 1, owners 1"},
		{"DELETE FROM sales; DELETE FROM authors", "users 1, authors 0, books 0, reviews 0, sales 0, promotions 0, reviewers 0, buyers 0, owners 1"},
	} {
		conn := stocked(t)
		if _, err := conn.Exec(t.Context(), tc.sql); err != nil {
			t.Errorf("%s: %v", tc.sql, err)
			continue
		}
		var got string
		err := conn.QueryRow(t.Context(), `SELECT format(
			'users %s, authors %s, books %s, reviews %s, sales %s, promotions %s, reviewers %s, buyers %s, owners %s',
			(SELECT count(*) FROM users), (SELECT count(*) FROM authors), (SELECT count(*) FROM books),
			(SELECT count(*) FROM reviews), (SELECT count(*) FROM sales), (SELECT count(*) FROM promotions),
			(SELECT count(user_id) FROM reviews), (SELECT count(user_id) FROM sales), (SELECT count(user_id) FROM accounts))`).Scan(&got)
		if err != nil || got != tc.want {
			t.Errorf("after %s: %s (error %v), want %s", tc.sql, got, err, tc.want)
		}
	}
}

func TestBookTriggersWriteTheLog(t *testing.T) {
	t.Parallel()
	conn := stocked(t)
	for _, sql := range []string{
		"UPDATE books SET price_cents = 1100 WHERE id = 1",
		"UPDATE books SET price_cents = 1100 WHERE id = 1", // no change, no line
		"UPDATE books SET stock = 7 WHERE id = 1",
		"DELETE FROM books WHERE id = 1",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(t.Context(), "SELECT format('%s %s %s %s', entity, entity_id, action, detail) FROM system_log ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := `[book 1 repriced {"to": 1100, "from": 1000} book 1 removed {"title": "The Iliad"}]`
	if got := fmt.Sprint(lines); err != nil || got != want {
		t.Errorf("log %s (error %v), want %s", got, err, want)
	}
}

func TestViewsFollowTheirTables(t *testing.T) {
	t.Parallel()
	conn := stocked(t)
	var catalog, sold string
	err := conn.QueryRow(t.Context(), `SELECT string_agg(format('%s by %s: %s reviews, %s', title, author_name, review_count, average_rating), '; ' ORDER BY id) FROM catalog`).Scan(&catalog)
	if want := "The Iliad by Homer: 1 reviews, 5; The Odyssey by Homer: 0 reviews, 0"; err != nil || catalog != want {
		t.Errorf("catalog %q (error %v), want %q", catalog, err, want)
	}
	if _, err := conn.Exec(t.Context(), "REFRESH MATERIALIZED VIEW CONCURRENTLY category_sales"); err != nil {
		t.Fatal(err)
	}
	err = conn.QueryRow(t.Context(), `SELECT format('%s: %s books, %s sold, %s', category, books, copies_sold, revenue_cents) FROM category_sales`).Scan(&sold)
	if want := "poetry: 2 books, 2 sold, 2400"; err != nil || sold != want {
		t.Errorf("category_sales %q (error %v), want %q", sold, err, want)
	}
}

func TestSalesFindTheirPartition(t *testing.T) {
	t.Parallel()
	conn := stocked(t)
	for day, want := range map[string]string{
		"2019-05-05": "sales_before_2026", "2025-12-31 23:59:59+00": "sales_before_2026",
		"2026-01-01 00:00:00+00": "sales_2026", "2031-01-01": "sales_later",
	} {
		var got string
		err := conn.QueryRow(t.Context(), `INSERT INTO sales (book_id, quantity, unit_price_cents, sold_at)
			VALUES (1, 1, 1, $1::text::timestamptz) RETURNING tableoid::regclass::text`, day).Scan(&got)
		if err != nil || got != want {
			t.Errorf("a sale of %s is in %q (error %v), want %q", day, got, err, want)
		}
	}
}

// An index on the referencing side of every foreign key keeps a delete from
// reading the whole table that refers to it.
func TestEveryForeignKeyHasAnIndex(t *testing.T) {
	t.Parallel()
	conn := stocked(t)
	rows, err := conn.Query(t.Context(), `
		SELECT c.conname FROM pg_constraint c
		WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.conparentid = 0
		  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) > 0 {
		t.Errorf("without an index: %v (error %v)", names, err)
	}
}
