package variants

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// test is a condition on the value of one parameter alone.
type test struct {
	param int
	sql   string // the condition, with the parameter as $1
	// decided says that its answers are known.
	decided bool
	fold.Answers
}

func (t *test) answer(v generated.Value) fold.Answer {
	if i := slices.Index(t.Values, v); i >= 0 {
		return t.Of[i]
	}
	return t.Rest
}

// ask returns the test that tokens may be: they speak of one parameter and of no column.
// Where they are the WHEN of a CASE by a subject, subject is what they are compared with.
func (f *finder) ask(of span, subject ...span) *test {
	s, t := f.source, &test{}
	var pieces []string
	for _, piece := range append(subject, of) {
		text, ok := t.add(s, piece)
		if !ok {
			return nil
		}
		pieces = append(pieces, text)
	}
	if t.param == 0 || len(pieces) == 1 && of.first == of.last && s.types[t.param-1] != "boolean" {
		return nil
	}
	t.sql = strings.Join(pieces, " = ")
	f.asked = append(f.asked, t)
	return t
}

// add returns the text of tokens, with the parameter as $1; not when they speak of a
// column or of another parameter.
func (t *test) add(s *source, of span) (text string, ok bool) {
	at := s.tokens[of.first].start
	for i := of.first; i <= of.last; i++ {
		n := s.number(i)
		if s.named(i) || s.query(i) || n > 0 && t.param > 0 && n != t.param {
			return "", false
		}
		if n > 0 {
			t.param = n
			text += fmt.Sprintf("%s($1::%s)", s.sql[at:s.tokens[i].start], s.types[n-1])
			at = s.tokens[i].end
		}
	}
	return "(" + text + s.sql[at:s.tokens[of.last].end] + ")", true
}

// named reports whether token i is the name of a column: not of a type or function.
func (s *source) named(i int) bool {
	return s.tokens[i].kind == pg.Token_IDENT && !s.is(i-1, pg.Token_TYPECAST, pg.Token_AS) && !s.is(i+1, open)
}

// settle has PostgreSQL say what the tests answer. What it refuses is none.
func (f *finder) settle(ctx context.Context, a *effects.Analyzer, cat *catalog.Catalog) error {
	if len(f.asked) == 0 {
		return nil
	}
	texts := make([]string, len(f.asked))
	for i, t := range f.asked {
		texts[i] = "SELECT " + t.sql
	}
	compiled, err := a.Compile(ctx, texts)
	if err != nil {
		return err
	}
	for i, t := range f.asked {
		if compiled[i].Query != nil {
			t.Answers, t.decided = fold.AnswersOf(cat, compiled[i].Query)
		}
	}
	return nil
}
