-- name: GetAuthor :one
SELECT a.id, a.name, a.bio
FROM authors a
WHERE a.id = @id;

-- AuthorWithBooks gives a row a book, and one row with an empty book for an
-- author who has none.
-- name: AuthorWithBooks :many
SELECT a.id, a.name, a.bio,
       b.id AS book_id, b.title, b.category, b.price_cents, b.stock, b.published_year
FROM authors a
LEFT JOIN books b ON b.author_id = a.id
WHERE a.id = @id
ORDER BY b.published_year, b.id;

-- AddAuthorWithBooks is one statement, and so one transaction: a book that is
-- refused takes the author with it. The arrays have one element a book.
-- name: AddAuthorWithBooks :one
WITH new_author AS (
    INSERT INTO authors (name, bio) VALUES (@name, @bio) RETURNING id
), input AS (
    SELECT unnest(@titles::text[]) AS title,
           unnest(@categories::text[]) AS category,
           unnest(@prices_cents::bigint[]) AS price_cents,
           unnest(@stocks::integer[]) AS stock,
           unnest(@published_years::integer[]) AS published_year
), new_books AS (
    INSERT INTO books (author_id, title, category, price_cents, stock, published_year)
    SELECT na.id, i.title, i.category::book_category, i.price_cents, i.stock, i.published_year
    FROM new_author na CROSS JOIN input i
    RETURNING id
)
SELECT na.id AS author_id, (SELECT count(*) FROM new_books) AS books
FROM new_author na;

-- name: CopyAuthors :copyfrom
INSERT INTO authors (id, name, bio) VALUES (@id, @name, @bio);

-- SyncAuthorIDs lets the next author follow the highest id, after a COPY that
-- brought its own ids.
-- name: SyncAuthorIDs :exec
SELECT setval(pg_get_serial_sequence('authors', 'id'), (SELECT max(a.id) FROM authors a));
