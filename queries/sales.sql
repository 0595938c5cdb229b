-- DailySales has a row for each of the days, also for those without a sale.
-- Days are days in UTC, the last of them the until day.
-- name: DailySales :many
WITH sold AS (
    SELECT (s.sold_at AT TIME ZONE 'UTC')::date AS day, count(*) AS sales, sum(s.quantity) AS copies,
           sum(s.quantity * s.unit_price_cents) AS revenue_cents
    FROM sales s
    WHERE s.sold_at >= (sqlc.arg('until')::date - sqlc.arg('days')::integer + 1)::timestamp AT TIME ZONE 'UTC'
      AND s.sold_at < (sqlc.arg('until')::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1
)
SELECT d.day::date AS day, coalesce(o.sales, 0)::bigint AS sales, coalesce(o.copies, 0)::bigint AS copies,
       coalesce(o.revenue_cents, 0)::bigint AS revenue_cents
FROM generate_series(0, sqlc.arg('days')::integer - 1) AS n(i)
CROSS JOIN LATERAL (SELECT sqlc.arg('until')::date - sqlc.arg('days')::integer + 1 + n.i AS day) d
LEFT JOIN sold o ON o.day = d.day
ORDER BY d.day;

-- TopProducts adds up by book before it looks at books: grouping by their
-- columns too makes the planner expect far more groups than there are books.
-- name: TopProducts :many
WITH sold AS (
    SELECT s.book_id, sum(s.quantity)::bigint AS copies, sum(s.quantity * s.unit_price_cents)::bigint AS revenue_cents
    FROM sales s
    WHERE s.sold_at >= sqlc.arg('since') AND s.sold_at < sqlc.arg('until')
    GROUP BY s.book_id
)
SELECT b.id, b.title, a.name AS author_name, o.copies, o.revenue_cents
FROM sold o
JOIN books b ON b.id = o.book_id
JOIN authors a ON a.id = b.author_id
ORDER BY o.revenue_cents DESC, b.id
LIMIT sqlc.arg('max_rows')::integer;

-- name: CategorySales :many
SELECT cs.category, cs.books, cs.copies_sold, cs.revenue_cents
FROM category_sales cs
ORDER BY cs.revenue_cents DESC, cs.category;

-- name: RefreshCategorySales :exec
REFRESH MATERIALIZED VIEW CONCURRENTLY category_sales;

-- name: CopySales :copyfrom
INSERT INTO sales (book_id, user_id, quantity, unit_price_cents, sold_at)
VALUES (@book_id, @user_id, @quantity, @unit_price_cents, @sold_at);
