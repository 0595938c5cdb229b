-- AddPromotion refuses a period that overlaps another of the same book
-- (promotions_no_overlap). Both days are part of it.
-- name: AddPromotion :one
INSERT INTO promotions (book_id, percent, during)
VALUES (@book_id, @percent, daterange(@first_day::date, @last_day::date, '[]'))
RETURNING id;
