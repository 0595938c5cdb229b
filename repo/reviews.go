package repo

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/queries"
)

// User is a registered reader.
type User = queries.User

// RegisterUser adds a reader. Errors: [*InvalidError], and [*TakenError] when
// the address is registered already, also in other capitals as far as the
// database's locale knows them: the C locale knows those of ASCII.
func (r *Repo) RegisterUser(ctx context.Context, email, name string) (User, error) {
	var c checks
	local, domain, at := strings.Cut(email, "@")
	c.that(at && local != "" && domain != "" && !strings.Contains(domain, "@") && !strings.ContainsFunc(email, blank),
		"email", "must be an address like name@example.org")
	c.name("email", email)
	c.name("name", name)
	if err := c.err(); err != nil {
		return User{}, fmt.Errorf("register user: %w", err)
	}
	user, err := r.q.RegisterUser(ctx, email, name)
	if pgerr.Is(err, queries.UsersEmailKey) {
		err = &TakenError{What: fmt.Sprintf("user %q", email), Err: err}
	}
	return user, wrap("register user", err)
}

func blank(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }

// Review is what one reader thinks of one book.
type Review struct {
	ID        int64
	UserID    *uuid.UUID // nil when the reader's account is gone
	Rating    int32      // 1 to 5
	Body      string
	CreatedAt time.Time
}

// PostReview adds a review. Errors: [*InvalidError], [ErrNotFound] for a book
// or user that does not exist, and [*TakenError] for a second review of one
// book by one user. One round trip.
func (r *Repo) PostReview(ctx context.Context, book int64, user uuid.UUID, rating int, body string) (Review, error) {
	var c checks
	c.that(rating >= 1 && rating <= 5, "rating", "must be between 1 and 5, is %d", rating)
	c.text("body", body)
	if err := c.err(); err != nil {
		return Review{}, fmt.Errorf("post review: %w", err)
	}
	posted, err := r.q.PostReview(ctx, queries.PostReviewParams{
		BookID: book, UserID: user, Rating: int32(rating), Body: body,
	})
	switch {
	case pgerr.Is(err, queries.ReviewsBookIDFkey):
		err = fmt.Errorf("book %d: %w", book, ErrNotFound)
	case pgerr.Is(err, queries.ReviewsUserIDFkey):
		err = fmt.Errorf("user %v: %w", user, ErrNotFound)
	case pgerr.Is(err, queries.ReviewsBookIDUserIDKey):
		err = &TakenError{What: fmt.Sprintf("review of book %d by user %v", book, user), Err: err}
	}
	if err != nil {
		return Review{}, wrap("post review", err)
	}
	return Review{ID: posted.ID, UserID: &user, Rating: int32(rating), Body: body, CreatedAt: posted.CreatedAt}, nil
}

// ReviewedBook is a book with its reviews, the oldest first.
type ReviewedBook struct {
	ID      int64
	Title   string
	Reviews []Review // empty, not nil, for a book without reviews
}

// BooksWithReviews returns all books with all their reviews, in the order of
// ids. One round trip, however many books there are.
func (r *Repo) BooksWithReviews(ctx context.Context) ([]ReviewedBook, error) {
	rows, err := r.q.BooksWithReviews(ctx)
	if err != nil {
		return nil, wrap("books with reviews", err)
	}
	books := []ReviewedBook{}
	for _, row := range rows {
		if len(books) == 0 || books[len(books)-1].ID != row.ID {
			books = append(books, ReviewedBook{ID: row.ID, Title: row.Title, Reviews: []Review{}})
		}
		if row.ReviewID == nil {
			continue
		}
		book := &books[len(books)-1]
		book.Reviews = append(book.Reviews, Review{
			ID: *row.ReviewID, UserID: row.UserID, Rating: *row.Rating, Body: *row.Body, CreatedAt: *row.CreatedAt,
		})
	}
	return books, nil
}

// ReviewsOfBook returns one book's reviews, the oldest first; none for a book
// that does not exist. To have the reviews of many books, use
// [Repo.BooksWithReviews]: calling this in a loop is the N+1 pattern, which
// the demonstration measures.
func (r *Repo) ReviewsOfBook(ctx context.Context, book int64) ([]Review, error) {
	rows, err := r.q.ReviewsOfBook(ctx, book)
	if err != nil {
		return nil, wrap("reviews of book", err)
	}
	list := make([]Review, len(rows))
	for i, row := range rows {
		list[i] = Review(row)
	}
	return list, nil
}
