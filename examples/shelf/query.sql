-- name: GetBook :one
SELECT id, author_id, title, price_cents FROM books WHERE id = $1;

-- name: FindBooks :many
SELECT id, title, price_cents
FROM books
WHERE (sqlc.narg('title')::text IS NULL OR title ILIKE '%' || sqlc.narg('title') || '%')
  AND (sqlc.narg('max_price')::integer IS NULL OR price_cents <= sqlc.narg('max_price'))
ORDER BY CASE WHEN @sort::text = 'title' THEN title END,
         CASE WHEN @sort = 'price' THEN price_cents END,
         id;

-- name: BooksByPrice :many
-- @page key=price_cents,id
SELECT id, title, price_cents
FROM books
WHERE (sqlc.narg('after_id')::bigint IS NULL
    OR (price_cents, id) > (sqlc.narg('after_price_cents')::integer, sqlc.narg('after_id')::bigint))
ORDER BY price_cents, id
LIMIT @max_rows::integer;

-- name: CheapBooks :many
-- @row BookLine
SELECT b.id, b.title, a.name AS author
FROM books b JOIN authors a ON a.id = b.author_id
WHERE b.price_cents < @below
ORDER BY b.id;

-- name: BooksOf :many
-- @row BookLine
SELECT b.id, b.title, a.name AS author
FROM books b JOIN authors a ON a.id = b.author_id
WHERE b.author_id = @author_id
ORDER BY b.id;

-- name: ForgetPriceChanges :exec
-- @reads nothing
-- @writes price_changes
SELECT forget('price_changes');

-- name: CountAuthors :one
-- @reads authors
-- @writes nothing
SELECT rows_of('authors')::bigint AS n;

-- name: GetAuthor :one
-- @cache ttl=30s
-- @replica max_lag=5s
SELECT id, name, bio FROM authors WHERE id = $1;

-- name: ListAuthors :many
SELECT * FROM authors
WHERE (sqlc.narg('name')::text IS NULL OR name = sqlc.narg('name'))
ORDER BY name, id;

-- name: AddAuthor :one
INSERT INTO authors (name) VALUES ($1) RETURNING id;

-- name: AddBook :one
INSERT INTO books (author_id, title, price_cents) VALUES ($1, $2, $3) RETURNING id;

-- name: SetPrice :execrows
UPDATE books SET price_cents = $2 WHERE id = $1;

-- name: DeleteAuthor :execrows
DELETE FROM authors WHERE id = $1;

-- name: RenameAuthor :exec
UPDATE authors SET name = $2 WHERE id = $1;
