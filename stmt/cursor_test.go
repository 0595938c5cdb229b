package stmt_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestACursorKeepsItsKeys(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.FixedZone("", 5400))
	text, err := stmt.FormatCursor("list", int64(1<<62+1), "a\"b<ü\x00", at, [16]byte{1, 255}, []byte{0, 1})
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
	if err := stmt.ParseCursor("list", text, &id, &title, &when, &uuid, &raw); err != nil {
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
	text, err := stmt.FormatCursor("list", int64(7), "x")
	if err != nil {
		t.Fatal(err)
	}
	other, err := stmt.FormatCursor("lisT", int64(7), "x")
	if err != nil {
		t.Fatal(err)
	}
	number, err := stmt.FormatCursor("list", "7", "x")
	if err != nil {
		t.Fatal(err)
	}
	null, err := stmt.FormatCursor("list", nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	long, err := stmt.FormatCursor("list", int64(7), "x", 1)
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
			err := stmt.ParseCursor("list", text, &id, &title)
			var refused *stmt.CursorError
			if !errors.As(err, &refused) || err.Error() != want {
				t.Errorf("%q: %v, want %s", text, err, want)
			}
		}
	}
}

func TestAnyChangedCharacterOfACursorIsNoticed(t *testing.T) {
	t.Parallel()
	text, err := stmt.FormatCursor("list", int64(7), "title")
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, c := range "Aa0_-z" {
			changed := text[:i] + string(c) + text[i+1:]
			var id int64
			var title string
			if err := stmt.ParseCursor("list", changed, &id, &title); (err == nil) != (changed == text) {
				t.Errorf("%q: %v", changed, err)
			}
		}
	}
}

func TestACursorOfWhatJSONHasNotIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := stmt.FormatCursor("list", time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a year that JSON cannot hold was written")
	}
}

func FuzzParseCursorNeverPanics(f *testing.F) {
	good, err := stmt.FormatCursor("list", int64(7), "x")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", good, good[:9], "AQ", base64.RawURLEncoding.EncodeToString([]byte("\x01\xfflist[]"))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var id int64
		var title string
		if err := stmt.ParseCursor("list", text, &id, &title); err != nil {
			return
		}
		if again, err := stmt.FormatCursor("list", id, title); err != nil || again != text {
			// JSON has several spellings of a value; a checksum made by hand can
			// hold any of them.
			var id2 int64
			var title2 string
			if err := stmt.ParseCursor("list", again, &id2, &title2); err != nil || id2 != id || title2 != title {
				t.Errorf("%q is read as %d, %q and written as %q", text, id, title, again)
			}
		}
	})
}
