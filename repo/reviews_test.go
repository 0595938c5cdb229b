package repo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sqlkeel/sqlkeel/repo"
)

func TestRegisteredUserPostsAReview(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, err := b.RegisterUser(t.Context(), "New.Reader@example.org", "A New Reader")
	if err != nil {
		t.Fatal(err)
	}
	posted, err := b.PostReview(t.Context(), 5, user.ID, 4, "Kept me awake.")
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.ReviewsOfBook(t.Context(), 5)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d reviews, error %v", len(list), err)
	}
	got := list[len(list)-1]
	if got.ID != posted.ID || *got.UserID != user.ID || got.Rating != 4 || got.Body != "Kept me awake." || !got.CreatedAt.Equal(posted.CreatedAt) {
		t.Errorf("review %+v, want %+v", got, posted)
	}
}

func TestWhatExistsAlreadyIsTaken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, err := b.RegisterUser(t.Context(), "someone@example.org", "Someone")
	if err != nil {
		t.Fatal(err)
	}
	var taken *repo.TakenError
	if _, err := b.RegisterUser(t.Context(), "SOMEONE@Example.org", "Someone else"); !errors.As(err, &taken) {
		t.Errorf("the same address in capitals: %v", err)
	}
	if _, err := b.PostReview(t.Context(), 1, user.ID, 5, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.PostReview(t.Context(), 1, user.ID, 1, "changed my mind"); !errors.As(err, &taken) {
		t.Errorf("a second review: %v", err)
	}
}

func TestAReviewNeedsItsBookAndItsUser(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, err := b.RegisterUser(t.Context(), "someone@example.org", "Someone")
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.PostReview(t.Context(), 1<<40, user.ID, 3, "")
	if !errors.Is(err, repo.ErrNotFound) || !strings.Contains(err.Error(), "book 1099511627776") {
		t.Errorf("unknown book: %v", err)
	}
	_, err = b.PostReview(t.Context(), 1, uuid.New(), 3, "")
	if !errors.Is(err, repo.ErrNotFound) || !strings.Contains(err.Error(), "user") {
		t.Errorf("unknown user: %v", err)
	}
	for _, rating := range []int{0, 6, -1} {
		_, err := b.PostReview(t.Context(), 1, user.ID, rating, "")
		refused(t, err, "rating")
	}
	_, err = b.PostReview(t.Context(), 1, user.ID, 3, "\xff")
	refused(t, err, "body")
}

func TestUserArgumentsAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, email := range []string{"", "nobody", "@example.org", "a@", "a@b@c", "a b@example.org", "a\x00@example.org", "\xff@example.org",
		"a\u3000b@example.org", "a\u00a0b@example.org", strings.Repeat("a", 500) + "@example.org"} {
		_, err := b.RegisterUser(t.Context(), email, "Name")
		if !errors.As(err, new(*repo.InvalidError)) {
			t.Errorf("email %q: %v", email, err)
		}
	}
	_, err := b.RegisterUser(t.Context(), "a@example.org", "  ")
	refused(t, err, "name")
}

func TestBooksWithReviewsHasEveryBookAndEveryReview(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.db.Exec(t.Context(), "DELETE FROM reviews WHERE book_id IN (3, 4)"); err != nil {
		t.Fatal(err)
	}
	got, err := b.BooksWithReviews(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids, err := b.q.ListBookIDs(t.Context())
	if err != nil || len(got) != len(ids) {
		t.Fatalf("%d books, want %d (error %v)", len(got), len(ids), err)
	}
	reviews := 0
	for i, book := range got {
		one, err := b.ReviewsOfBook(t.Context(), ids[i])
		if err != nil || book.ID != ids[i] || len(one) != len(book.Reviews) || book.Reviews == nil {
			t.Fatalf("book %d has %d reviews, want %d of book %d (error %v)", book.ID, len(book.Reviews), len(one), ids[i], err)
		}
		for k := range one {
			if one[k].ID != book.Reviews[k].ID || one[k].Body != book.Reviews[k].Body {
				t.Errorf("book %d review %d: %+v, want %+v", book.ID, k, book.Reviews[k], one[k])
			}
		}
		reviews += len(one)
	}
	if want := b.scalar(t, "SELECT count(*) FROM reviews"); int64(reviews) != want || want == 0 {
		t.Errorf("%d reviews, want %d", reviews, want)
	}
}
