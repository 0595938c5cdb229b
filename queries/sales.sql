-- DailySales has a row for each of the days, also for those without a sale.
-- Days are days in UTC, the last of them the until day.
-- name: DailySales :many
SELECT d.day::date AS day,
       count(s.id) AS sales,
       coalesce(sum(s.quantity), 0)::bigint AS copies,
       coalesce(sum(s.quantity * s.unit_price_cents), 0)::bigint AS revenue_cents
FROM generate_series(sqlc.arg('until')::date - (sqlc.arg('days')::integer - 1), sqlc.arg('until')::date, interval '1 day') AS d(day)
LEFT JOIN sales s
       ON s.sold_at >= (d.day::date)::timestamp AT TIME ZONE 'UTC'
      AND s.sold_at < (d.day::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY d.day
ORDER BY d.day;

-- name: TopProducts :many
SELECT b.id, b.title, a.name AS author_name,
       sum(s.quantity)::bigint AS copies,
       sum(s.quantity * s.unit_price_cents)::bigint AS revenue_cents
FROM sales s
JOIN books b ON b.id = s.book_id
JOIN authors a ON a.id = b.author_id
WHERE s.sold_at >= @since AND s.sold_at < @until
GROUP BY b.id, b.title, a.name
ORDER BY revenue_cents DESC, b.id
LIMIT @max_rows::integer;

-- name: CategorySales :many
SELECT cs.category, cs.books, cs.copies_sold, cs.revenue_cents
FROM category_sales cs
ORDER BY cs.revenue_cents DESC, cs.category;

-- name: RefreshCategorySales :exec
REFRESH MATERIALIZED VIEW CONCURRENTLY category_sales;

-- name: CopySales :copyfrom
INSERT INTO sales (book_id, user_id, quantity, unit_price_cents, sold_at)
VALUES (@book_id, @user_id, @quantity, @unit_price_cents, @sold_at);
