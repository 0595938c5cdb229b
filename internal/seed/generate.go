package seed

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sqlkeel/sqlkeel/queries"
)

// LastDay is the last day on which anything happened in the data, in UTC.
var LastDay = time.Date(2026, time.October, 31, 0, 0, 0, 0, time.UTC)

// Days is how many days of sales there are, LastDay included.
const Days = 365

// Balance is what every account begins with, in cents.
const Balance = 100_000

// generator makes the rows. Each table draws from a stream of its own, and so do
// the buyers, so that more users do not change what is sold.
type generator struct {
	works     []work
	names     []string // of the authors, in the order of their ids
	authorIDs map[string]int64
	prices    []int64 // of the books, in the order of their ids
	size      Size
}

func newGenerator(list []work, size Size) *generator {
	g := &generator{works: list, authorIDs: map[string]int64{}, size: size}
	r := stream("prices")
	for _, w := range list {
		if _, known := g.authorIDs[w.author]; !known {
			g.names = append(g.names, w.author)
			g.authorIDs[w.author] = int64(len(g.names))
		}
		g.prices = append(g.prices, 499+100*int64(r.IntN(45)))
	}
	return g
}

// stream returns the random numbers of one table.
func stream(table string) *rand.Rand {
	var seed [32]byte
	copy(seed[:], "sqlkeel bookstore "+table)
	return rand.New(rand.NewChaCha8(seed))
}

func (g *generator) authors() iter.Seq[queries.CopyAuthorsParams] {
	return func(yield func(queries.CopyAuthorsParams) bool) {
		for i, name := range g.names {
			if !yield(queries.CopyAuthorsParams{ID: int64(i + 1), Name: name, Bio: json.RawMessage(`{}`)}) {
				return
			}
		}
	}
}

func (g *generator) books() iter.Seq[queries.CopyBooksParams] {
	return func(yield func(queries.CopyBooksParams) bool) {
		r := stream("books")
		for i, w := range g.works {
			stock := int32(r.IntN(60))
			if r.IntN(8) == 0 {
				stock = 0
			}
			if !yield(queries.CopyBooksParams{
				ID: int64(i + 1), AuthorID: g.authorIDs[w.author], Title: w.title, Category: w.category,
				PriceCents: g.prices[i], Stock: stock, PublishedYear: w.year,
				AddedOn: LastDay.AddDate(0, 0, -r.IntN(Days)), Tags: tags(w),
			}) {
				return
			}
		}
	}
}

func tags(w work) []string {
	tags := []string{strings.ReplaceAll(string(w.category), "_", "-")}
	switch {
	case w.year < 500:
		tags = append(tags, "antiquity")
	case w.year >= 1900:
		tags = append(tags, "modern")
	}
	return tags
}

// userID is the id of user i. It is derived, so that sales and reviews can
// name users without reading them back.
func userID(i int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "sqlkeel user %d", i))
}

func (g *generator) users() iter.Seq[queries.CopyUsersParams] {
	return func(yield func(queries.CopyUsersParams) bool) {
		for i := range g.size.Users {
			if !yield(queries.CopyUsersParams{
				ID: userID(i), Email: fmt.Sprintf("reader%d@example.org", i+1), Name: fmt.Sprintf("Reader %d", i+1),
				CreatedAt: LastDay.AddDate(0, 0, -Days).Add(time.Duration(i) * time.Minute),
			}) {
				return
			}
		}
	}
}

var opinions = [...]string{
	1: "I could not finish it.", 2: "Not for me.", 3: "Worth reading once.", 4: "Very good.", 5: "I will read it again.",
}

// reviews spreads reviews over pairs of book and user, no pair twice: pair k
// is a walk over all of them by a step that shares no factor with their number.
func (g *generator) reviews() iter.Seq[queries.CopyReviewsParams] {
	return func(yield func(queries.CopyReviewsParams) bool) {
		r := stream("reviews")
		pairs := g.size.pairs(len(g.works))
		if pairs <= 0 {
			return
		}
		step := coprime(pairs, 7919)
		for k := range min(g.size.Reviews, pairs) {
			pair := k * step % pairs
			user, rating := userID(pair/len(g.works)), int32(1+(r.IntN(5)+r.IntN(5)+1)/2)
			if !yield(queries.CopyReviewsParams{
				BookID: int64(pair%len(g.works) + 1), UserID: &user, Rating: rating, Body: opinions[rating],
				CreatedAt: LastDay.Add(-time.Duration(r.IntN(Days*24*60)) * time.Minute),
			}) {
				return
			}
		}
	}
}

// coprime returns the smallest number from at least on that shares no factor
// with n, which is above 0.
func coprime(n, atLeast int) int {
	for gcd(n, atLeast) != 1 {
		atLeast++
	}
	return atLeast
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (g *generator) sales() iter.Seq[queries.CopySalesParams] {
	return func(yield func(queries.CopySalesParams) bool) {
		r, buyers := stream("sales"), stream("buyers")
		minutes := Days * 24 * 60
		end := LastDay.AddDate(0, 0, 1)
		for range g.size.Sales {
			book := min(r.IntN(len(g.works)), r.IntN(len(g.works))) // some books sell better than others
			var buyer *uuid.UUID
			if g.size.Users > 0 && buyers.IntN(10) > 0 { // one in ten buys without an account
				id := userID(buyers.IntN(g.size.Users))
				buyer = &id
			}
			if !yield(queries.CopySalesParams{
				BookID: int64(book + 1), UserID: buyer, Quantity: int32(1 + r.IntN(3)), UnitPriceCents: g.prices[book],
				SoldAt: end.Add(-time.Duration(1+r.IntN(minutes-1)) * time.Minute),
			}) {
				return
			}
		}
	}
}

func (g *generator) accounts() iter.Seq[queries.CopyAccountsParams] {
	return func(yield func(queries.CopyAccountsParams) bool) {
		for i := range g.size.Accounts {
			var owner *uuid.UUID
			if i < g.size.Users {
				id := userID(i)
				owner = &id
			}
			if !yield(queries.CopyAccountsParams{
				ID: int64(i + 1), UserID: owner, Name: fmt.Sprintf("account %d", i+1), BalanceCents: Balance,
			}) {
				return
			}
		}
	}
}

func (g *generator) tasks() iter.Seq[queries.CopyTasksParams] {
	return func(yield func(queries.CopyTasksParams) bool) {
		r := stream("tasks")
		for range g.size.Tasks {
			payload := fmt.Appendf(nil, `{"book_id": %d}`, 1+r.IntN(len(g.works)))
			if !yield(queries.CopyTasksParams{Kind: "reindex", Payload: payload}) {
				return
			}
		}
	}
}
