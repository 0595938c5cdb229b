package repo_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

var twoBooks = []repo.NewBook{
	{Title: "Bleak House", Category: queries.BookCategoryClassic, PriceCents: 1299, Stock: 3, PublishedYear: 1853},
	{Title: "Hard Times", Category: queries.BookCategoryClassic, PriceCents: 999, Stock: 0, PublishedYear: 1854},
}

func TestAddAuthorAddsTheBooksWithTheAuthor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, err := b.AddAuthor(t.Context(), repo.NewAuthor{Name: "Boz", Bio: json.RawMessage(`{"real": false}`)}, twoBooks)
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.Author(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "Boz" || string(a.Bio) != `{"real": false}` || len(a.Books) != 2 {
		t.Fatalf("author %+v", a)
	}
	for i, want := range twoBooks {
		got := a.Books[i]
		if (repo.NewBook{got.Title, got.Category, got.PriceCents, got.Stock, got.PublishedYear}) != want {
			t.Errorf("book %+v, want %+v", got, want)
		}
	}
}

func TestAnAuthorMayHaveNoBooks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, err := b.AddAuthor(t.Context(), repo.NewAuthor{Name: "A Silent One"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.Author(t.Context(), id)
	if err != nil || a.Books == nil || len(a.Books) != 0 || string(a.Bio) != `{}` {
		t.Errorf("author %+v, error %v", a, err)
	}
}

func TestARefusedBookTakesTheAuthorWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before := b.scalar(t, "SELECT count(*) FROM books")
	var taken *repo.TakenError
	_, err := b.AddAuthor(t.Context(), repo.NewAuthor{Name: "Boz"}, []repo.NewBook{twoBooks[0], twoBooks[1], twoBooks[0]})
	if !errors.As(err, &taken) {
		t.Errorf("a title twice: %v", err)
	}
	_, err = b.AddAuthor(t.Context(), repo.NewAuthor{Name: "Homer"}, twoBooks)
	if !errors.As(err, &taken) {
		t.Errorf("a known author: %v", err)
	}
	for _, bio := range []string{`{"a": "\u0000"}`, `{"a": "\ud800"}`} { // JSON, but not jsonb
		_, err := b.AddAuthor(t.Context(), repo.NewAuthor{Name: "Boz", Bio: json.RawMessage(bio)}, twoBooks)
		refused(t, err, "author bio")
	}
	if n := b.scalar(t, "SELECT count(*) FROM authors WHERE name = 'Boz'"); n != 0 {
		t.Errorf("%d authors were left", n)
	}
	if n := b.scalar(t, "SELECT count(*) FROM books"); n != before {
		t.Errorf("%d books, want %d", n, before)
	}
}

func TestAuthorArgumentsAreCheckedAndNameTheBook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for field, change := range map[string]func(*repo.NewAuthor, *repo.NewBook){
		"author name":      func(a *repo.NewAuthor, _ *repo.NewBook) { a.Name = " \t" },
		"author bio":       func(a *repo.NewAuthor, _ *repo.NewBook) { a.Bio = json.RawMessage(`{`) },
		"author bio ":      func(a *repo.NewAuthor, _ *repo.NewBook) { a.Bio = json.RawMessage(`[]`) },
		"author bio  ":     func(a *repo.NewAuthor, _ *repo.NewBook) { a.Bio = json.RawMessage(`null`) },
		"author name ":     func(a *repo.NewAuthor, _ *repo.NewBook) { a.Name = strings.Repeat("x", 501) },
		"book 2: year":     func(_ *repo.NewAuthor, k *repo.NewBook) { k.PublishedYear = 2101 },
		"book 2: title":    func(_ *repo.NewAuthor, k *repo.NewBook) { k.Title = "a\x00" },
		"book 2: category": func(_ *repo.NewAuthor, k *repo.NewBook) { k.Category = "" },
		"book 2: price":    func(_ *repo.NewAuthor, k *repo.NewBook) { k.PriceCents = 0 },
		"book 2: stock":    func(_ *repo.NewAuthor, k *repo.NewBook) { k.Stock = -1 },
	} {
		a, books := repo.NewAuthor{Name: "Boz"}, []repo.NewBook{twoBooks[0], twoBooks[1]}
		change(&a, &books[1])
		_, err := b.AddAuthor(t.Context(), a, books)
		refused(t, err, strings.TrimSpace(field))
	}
}

func TestAuthorThatDoesNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.Author(t.Context(), 1<<40); !errors.Is(err, repo.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
