-- name: GetBook :one
-- @cache ttl=30s
SELECT c.id, c.title, c.category, c.price_cents, c.stock, c.published_year, c.added_on, c.tags,
       c.author_id, c.author_name, c.review_count, c.average_rating
FROM catalog c
WHERE c.id = @id;

-- FindProducts filters by whatever is given and orders by the sort that is
-- named. strpos takes the fragment literally, so that % and _ in it need no
-- escaping.
-- name: FindProducts :many
SELECT b.id, b.title, b.category, b.price_cents, b.stock, b.published_year, b.added_on, a.name AS author_name
FROM books b
JOIN authors a ON a.id = b.author_id
WHERE (sqlc.narg('category')::book_category IS NULL OR b.category = sqlc.narg('category')::book_category)
  AND (sqlc.narg('min_price')::bigint IS NULL OR b.price_cents >= sqlc.narg('min_price')::bigint)
  AND (sqlc.narg('max_price')::bigint IS NULL OR b.price_cents <= sqlc.narg('max_price')::bigint)
  AND (sqlc.narg('in_stock')::boolean IS NULL OR (b.stock > 0) = sqlc.narg('in_stock')::boolean)
  AND (sqlc.narg('name')::text IS NULL OR strpos(b.title_folded, lower(sqlc.narg('name')::text)) > 0)
ORDER BY CASE WHEN sqlc.narg('sort')::text = 'price_up' THEN b.price_cents END,
         CASE WHEN sqlc.narg('sort')::text = 'price_down' THEN b.price_cents END DESC,
         CASE WHEN sqlc.narg('sort')::text = 'newest' THEN b.added_on END DESC,
         b.id
LIMIT @max_rows::integer;

-- name: SearchBooks :many
-- @page key=id
SELECT b.id, b.title, b.category, b.price_cents, b.stock, b.published_year, a.name AS author_name
FROM books b
JOIN authors a ON a.id = b.author_id
WHERE (sqlc.narg('title')::text IS NULL OR strpos(b.title_folded, lower(sqlc.narg('title')::text)) > 0)
  AND (sqlc.narg('min_year')::integer IS NULL OR b.published_year >= sqlc.narg('min_year')::integer)
  AND (sqlc.narg('author')::text IS NULL OR strpos(lower(a.name), lower(sqlc.narg('author')::text)) > 0)
  AND (sqlc.narg('after_id')::bigint IS NULL OR b.id > sqlc.narg('after_id')::bigint)
ORDER BY b.id
LIMIT @max_rows::integer;

-- ListCategories counts the books of every category that has any.
-- name: ListCategories :many
-- @cache ttl=30s
SELECT b.category, count(*) AS books
FROM books b
GROUP BY b.category
ORDER BY b.category;

-- BooksWithReviews gives a row a review, and one row with an empty review for
-- a book that has none.
-- name: BooksWithReviews :many
SELECT b.id, b.title, r.id AS review_id, r.user_id, r.rating, r.body, r.created_at
FROM books b
LEFT JOIN reviews r ON r.book_id = b.id
ORDER BY b.id, r.id;

-- name: ListBookIDs :many
SELECT b.id FROM books b ORDER BY b.id;

-- name: SetPrice :execrows
UPDATE books SET price_cents = @price_cents WHERE id = @id;

-- name: CopyBooks :copyfrom
INSERT INTO books (id, author_id, title, category, price_cents, stock, published_year, added_on, tags)
VALUES (@id, @author_id, @title, @category, @price_cents, @stock, @published_year, @added_on, @tags);

-- name: SyncBookIDs :exec
SELECT setval(pg_get_serial_sequence('books', 'id'), (SELECT max(b.id) FROM books b));
