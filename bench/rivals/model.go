package rivals

import "time"

// Book is a row of books, in the form in which results are compared.
type Book struct {
	ID       int64
	AuthorID int64
	ISBN     string
	Title    string
	Price    int64
	Stock    int32
	AddedAt  time.Time
}

// Author is a row of authors with its books, by id.
type Author struct {
	ID    int64
	Name  string
	Books []Book
}

// Range asks for the rows after an id, in the order of ids.
type Range struct {
	After int64
	Limit int32
}

// Filter asks for books by what is given, in the order of ids.
type Filter struct {
	AuthorID   *int64
	Title      *string
	MinPrice   *int64
	MaxPrice   *int64
	MinStock   *int32
	AddedSince *time.Time
	Limit      int32
}

// Keyset asks for the page after a book, in the order of prices and ids.
type Keyset struct {
	AfterPrice, AfterID int64
	Limit               int32
}

// Offset asks for the page after so many books, in the order of prices and ids.
type Offset struct{ Skip, Limit int32 }

// Price is a new price for a book.
type Price struct{ ID, Price int64 }

// Flagged asks for the cheapest books by id, and with OfAuthor for those of the authors
// of that name alone.
type Flagged struct {
	OfAuthor bool
	Author   string
	Limit    int32
}
