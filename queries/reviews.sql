-- name: PostReview :one
INSERT INTO reviews (book_id, user_id, rating, body)
VALUES (@book_id, @user_id::uuid, @rating, @body)
RETURNING id, created_at;

-- name: ReviewsOfBook :many
SELECT r.id, r.user_id, r.rating, r.body, r.created_at
FROM reviews r
WHERE r.book_id = @book_id
ORDER BY r.id;

-- name: CopyReviews :copyfrom
INSERT INTO reviews (book_id, user_id, rating, body, created_at)
VALUES (@book_id, @user_id, @rating, @body, @created_at);
