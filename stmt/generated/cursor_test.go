package generated_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

func TestACursorKeepsItsKeys(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.FixedZone("", 5400))
	text, err := generated.FormatCursor("list", int64(1<<62+1), "a\"b<ü\x00", at, [16]byte{1, 255}, []byte{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	var (
		id    int64
		title string
		when  time.Time
		uuid  [16]byte
		raw   []byte
	)
	if err := generated.ParseCursor("list", text, &id, &title, &when, &uuid, &raw); err != nil {
		t.Fatal(err)
	}
	if id != 1<<62+1 || title != "a\"b<ü\x00" || !when.Equal(at) || uuid != [16]byte{1, 255} || !bytes.Equal(raw, []byte{0, 1}) {
		t.Errorf("keys became %v %q %v %v %v", id, title, when, uuid, raw)
	}
	if strings.ContainsAny(text, "+/=&? %") {
		t.Errorf("%q needs escapes in a URL", text)
	}
}

func TestACursorThatIsNotOfTheListIsRefused(t *testing.T) {
	t.Parallel()
	text, err := generated.FormatCursor("list", int64(7), "x")
	if err != nil {
		t.Fatal(err)
	}
	other, err := generated.FormatCursor("lisT", int64(7), "x")
	if err != nil {
		t.Fatal(err)
	}
	number, err := generated.FormatCursor("list", "7", "x")
	if err != nil {
		t.Fatal(err)
	}
	null, err := generated.FormatCursor("list", nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	long, err := generated.FormatCursor("list", int64(7), "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	for want, bad := range map[string][]string{
		"invalid cursor: it is mangled":                                            {text[:len(text)-1], text + "\n", "x", "%", text[:8], "AQAA", text + text},
		"invalid cursor: it is of another list, or of another version of this one": {other},
		"invalid cursor: its key 1 is of another type":                             {number, null},
		"invalid cursor: it has not the keys of this list":                         {long},
	} {
		for _, text := range bad {
			var id int64
			var title string
			err := generated.ParseCursor("list", text, &id, &title)
			var refused *generated.CursorError
			if !errors.As(err, &refused) || err.Error() != want {
				t.Errorf("%q: %v, want %s", text, err, want)
			}
		}
	}
}

func TestAnyChangedCharacterOfACursorIsNoticed(t *testing.T) {
	t.Parallel()
	text, err := generated.FormatCursor("list", int64(7), "title")
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, c := range "Aa0_-z" {
			changed := text[:i] + string(c) + text[i+1:]
			var id int64
			var title string
			if err := generated.ParseCursor("list", changed, &id, &title); (err == nil) != (changed == text) {
				t.Errorf("%q: %v", changed, err)
			}
		}
	}
}

// kept is what comes back of a cursor's only key.
func kept[T any](t *testing.T, key T) (read T, err error) {
	t.Helper()
	text, err := generated.FormatCursor("list", key)
	if err != nil {
		return read, err
	}
	if err := generated.ParseCursor("list", text, &read); err != nil {
		t.Errorf("%v was written and cannot be read: %v", key, err)
	}
	return read, nil
}

func TestACursorOfWhatJSONHasNotIsAnError(t *testing.T) {
	t.Parallel()
	at := func(year int) time.Time { return time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC) }
	for name, key := range map[string]any{
		"a late year": at(20000), "a year before Christ": at(-43), "text that is not UTF-8": "a\xffb", "an enum that is not": label("\xfe"),
		"a late date": pgtype.Date{Time: at(10000), Valid: true}, "a date before Christ": pgtype.Date{Time: at(-43), Valid: true},
		"a late timestamp": pgtype.Timestamp{Time: at(12024), Valid: true}, "a late time with zone": pgtype.Timestamptz{Time: at(12024), Valid: true},
		"no number": math.NaN(), "a channel": make(chan int),
	} {
		if text, err := generated.FormatCursor("list", key); err == nil {
			t.Errorf("%s was written: %s", name, text)
		}
	}
}

type label string

// Zones had seconds in their offsets before they were standardised.
func TestACursorKeepsTheInstantInAnyZone(t *testing.T) {
	t.Parallel()
	for _, offset := range []int{0, 5400, -3600, 1172, -4772, 53*60 + 28} {
		at := time.Date(1885, 6, 7, 8, 9, 10, 123456000, time.FixedZone("LMT", offset))
		if got, err := kept(t, at); err != nil || !got.Equal(at) {
			t.Errorf("%v became %v: %v", at, got, err)
		}
		if got, err := kept(t, pgtype.Timestamptz{Time: at, Valid: true}); err != nil || !got.Time.Equal(at) || !got.Valid {
			t.Errorf("%v became %v: %v", at, got, err)
		}
		if offset%60 == 0 {
			// The clock is what counts for a timestamp without time zone.
			if got, err := kept(t, at); err != nil || got.Format(time.DateTime) != at.Format(time.DateTime) {
				t.Errorf("%v became %v: %v", at, got, err)
			}
		}
	}
}

func TestACursorKeepsWhatPostgreSQLHasBeyondGo(t *testing.T) {
	t.Parallel()
	for _, key := range []pgtype.Timestamptz{{InfinityModifier: pgtype.Infinity, Valid: true}, {InfinityModifier: pgtype.NegativeInfinity, Valid: true}} {
		if got, err := kept(t, key); err != nil || got.InfinityModifier != key.InfinityModifier || !got.Valid {
			t.Errorf("%v became %v: %v", key, got, err)
		}
	}
	if got, err := kept(t, pgtype.Date{InfinityModifier: pgtype.Infinity, Valid: true}); err != nil || got.InfinityModifier != pgtype.Infinity {
		t.Error(got, err)
	}
	if got, err := kept(t, pgtype.UUID{Valid: true}); err != nil || !got.Valid || got.Bytes != [16]byte{} {
		t.Error(got, err)
	}
	if got, err := kept(t, []byte{}); err != nil || got == nil {
		t.Error(got, err)
	}
	if got, err := kept(t, ""); err != nil || got != "" {
		t.Error(got, err)
	}
	if got, err := kept(t, int64(math.MinInt64)); err != nil || got != math.MinInt64 {
		t.Error(got, err)
	}
}

func FuzzParseCursorNeverPanics(f *testing.F) {
	good, err := generated.FormatCursor("list", int64(7), "x")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", good, good[:9], "AQ", base64.RawURLEncoding.EncodeToString([]byte("\x01\xfflist[]"))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var id int64
		var title string
		if err := generated.ParseCursor("list", text, &id, &title); err != nil {
			return
		}
		if again, err := generated.FormatCursor("list", id, title); err != nil || again != text {
			// JSON has several spellings of a value; a checksum made by hand can
			// hold any of them.
			var id2 int64
			var title2 string
			if err := generated.ParseCursor("list", again, &id2, &title2); err != nil || id2 != id || title2 != title {
				t.Errorf("%q is read as %d, %q and written as %q", text, id, title, again)
			}
		}
	})
}
