package seed

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sqlkeel/sqlkeel/queries"
)

//go:embed books.csv
var booksCSV string

// work is one line of books.csv.
type work struct {
	title, author string
	year          int32
	category      queries.BookCategory
}

// works reads the catalogue: a header and at least one book. Every error names
// the line.
func works(text string) ([]work, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = 4
	if _, err := r.Read(); errors.Is(err, io.EOF) {
		return nil, errors.New("books.csv:1: no header")
	} else if err != nil {
		return nil, malformed(err)
	}
	var list []work
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformed(err)
		}
		line, _ := r.FieldPos(0)
		w, err := parseWork(row)
		if err != nil {
			return nil, fmt.Errorf("books.csv:%d: %w", line, err)
		}
		list = append(list, w)
	}
	if len(list) == 0 {
		return nil, errors.New("books.csv:2: no books")
	}
	return list, nil
}

func parseWork(row []string) (work, error) {
	year, err := strconv.ParseInt(row[2], 10, 32)
	if err != nil {
		return work{}, fmt.Errorf("year: %w", err)
	}
	category := queries.BookCategory(row[3])
	if !category.Valid() {
		return work{}, fmt.Errorf("unknown category %q", row[3])
	}
	return work{title: row[0], author: row[1], year: int32(year), category: category}, nil
}

// malformed puts the line of an error of encoding/csv where the other errors
// have it.
func malformed(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("books.csv:%d: %w", parse.Line, parse.Err)
	}
	return fmt.Errorf("books.csv: %w", err)
}
