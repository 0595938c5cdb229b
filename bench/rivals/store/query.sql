-- name: Ping :one
SELECT 1::integer AS one;

-- name: BookByID :one
-- @cache ttl=30s
SELECT id, author_id, isbn, title, price, stock, added_at FROM books WHERE id = @id;

-- name: BooksAfter :many
SELECT id, author_id, isbn, title, price, stock, added_at FROM books
WHERE id > @after ORDER BY id LIMIT @max_rows::integer;

-- name: InsertBook :one
INSERT INTO books (author_id, isbn, title, price, stock, added_at)
VALUES (@author_id, @isbn, @title, @price, @stock, @added_at)
RETURNING id;

-- name: InsertBooks :execrows
INSERT INTO books (author_id, isbn, title, price, stock, added_at)
SELECT unnest(@author_ids::bigint[]), unnest(@isbns::text[]), unnest(@titles::text[]),
       unnest(@prices::bigint[]), unnest(@stocks::integer[]), unnest(@added_ats::timestamptz[]);

-- name: CopyBooks :copyfrom
INSERT INTO books (author_id, isbn, title, price, stock, added_at)
VALUES (@author_id, @isbn, @title, @price, @stock, @added_at);

-- name: UpsertBook :one
INSERT INTO books (author_id, isbn, title, price, stock, added_at)
VALUES (@author_id, @isbn, @title, @price, @stock, @added_at)
ON CONFLICT (isbn) DO UPDATE SET price = excluded.price, stock = excluded.stock
RETURNING id;

-- name: SetPrice :execrows
UPDATE books SET price = @price WHERE id = @id;

-- name: AuthorsAfter :many
SELECT id, name FROM authors WHERE id > @after ORDER BY id LIMIT @max_rows::integer;

-- name: BooksOfAuthors :many
SELECT id, author_id, isbn, title, price, stock, added_at FROM books
WHERE author_id = ANY(@author_ids::bigint[]) ORDER BY author_id, id;

-- name: SearchBooks :many
SELECT id, author_id, isbn, title, price, stock, added_at FROM books
WHERE (sqlc.narg('author_id')::bigint IS NULL OR author_id = sqlc.narg('author_id'))
  AND (sqlc.narg('title')::text IS NULL OR title = sqlc.narg('title'))
  AND (sqlc.narg('min_price')::bigint IS NULL OR price >= sqlc.narg('min_price'))
  AND (sqlc.narg('max_price')::bigint IS NULL OR price <= sqlc.narg('max_price'))
  AND (sqlc.narg('min_stock')::integer IS NULL OR stock >= sqlc.narg('min_stock'))
  AND (sqlc.narg('added_since')::timestamptz IS NULL OR added_at >= sqlc.narg('added_since'))
ORDER BY id
LIMIT @max_rows::integer;

-- name: BooksByPrice :many
SELECT id, author_id, isbn, title, price, stock, added_at FROM books
WHERE (price, id) > (@after_price::bigint, @after_id::bigint)
ORDER BY price, id LIMIT @max_rows::integer;

-- name: BooksByPriceOffset :many
SELECT id, author_id, isbn, title, price, stock, added_at FROM books
ORDER BY price, id LIMIT @max_rows::integer OFFSET @skip::integer;

-- BooksByTitle is a sorted list with an optional filter and without a limit.
-- name: BooksByTitle :many
SELECT id, title, price FROM books
WHERE (sqlc.narg('id')::bigint IS NULL OR id = sqlc.narg('id'))
ORDER BY title, id;

-- BooksOfNamed has a sub-select that a flag chooses.
-- name: BooksOfNamed :many
SELECT id, author_id, isbn, title, price, stock, added_at FROM books
WHERE (NOT @of_author::boolean OR EXISTS (SELECT FROM authors a WHERE a.id = books.author_id AND a.name = @author::text))
ORDER BY id
LIMIT @max_rows::integer;
