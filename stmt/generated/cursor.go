package generated

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
	"time"
	"unicode/utf8"
)

// CursorError is a cursor's text that was refused.
type CursorError struct {
	Reason string
}

// Error says why the text was refused; it does not repeat the text.
func (e *CursorError) Error() string { return "invalid cursor: " + e.Reason }

// cursorVersion is the first byte of a cursor. It is followed by the length of
// the statement's fingerprint and that, the keys as a JSON array, and a checksum.
const cursorVersion = 1

var cursorEncoding = base64.RawURLEncoding.Strict()

// FormatCursor is called by generated code. It returns the keys of a row as text
// that can stand in a URL. The checksum notices accidents; it is no signature. It
// returns an error for a key that would not be read as it is written: a year beyond
// 9999 or before 1, and text that is not UTF-8.
func FormatCursor(fingerprint string, keys ...any) (string, error) {
	written := make([]json.RawMessage, len(keys))
	for i, key := range keys {
		var err error
		if written[i], err = writeKey(key); err != nil {
			return "", fmt.Errorf("write cursor: key %d: %w", i+1, err)
		}
	}
	values, err := json.Marshal(written)
	if err != nil {
		return "", fmt.Errorf("write cursor: %w", err)
	}
	b := append([]byte{cursorVersion, byte(len(fingerprint))}, fingerprint...)
	b = append(b, values...)
	return cursorEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))), nil
}

// writeKey returns a key as JSON that is read as the same value.
func writeKey(key any) (json.RawMessage, error) {
	v := wholeMinutes(reflect.ValueOf(key))
	if !v.IsValid() {
		return json.RawMessage("null"), nil
	}
	if v.Kind() == reflect.String && !utf8.ValidString(v.String()) {
		return nil, errors.New("it is not UTF-8")
	}
	written, err := json.Marshal(v.Interface())
	if err != nil || string(written) == "null" {
		return written, err
	}
	read := reflect.New(v.Type())
	if err := json.Unmarshal(written, read.Interface()); err != nil {
		return nil, err
	}
	if again, err := json.Marshal(read.Interface()); err != nil || !bytes.Equal(again, written) {
		return nil, fmt.Errorf("a %s is not kept exactly", v.Type())
	}
	return written, nil
}

// wholeMinutes returns a time, or a struct with a field Time, in UTC when it is in a
// zone whose offset has seconds, as zones had before they were standardised: JSON
// leaves those out, which would be another time.
func wholeMinutes(v reflect.Value) reflect.Value {
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	at := c
	if _, ok := c.Interface().(time.Time); !ok {
		at = c.FieldByName("Time")
	}
	if !at.IsValid() || !at.CanSet() {
		return v
	}
	if t, ok := at.Interface().(time.Time); ok {
		if _, offset := t.Zone(); offset%60 != 0 {
			at.Set(reflect.ValueOf(t.UTC()))
		}
	}
	return c
}

// ParseCursor is called by generated code. It reads what FormatCursor returned for
// the same fingerprint into keys, which are pointers. It returns a *[CursorError]
// for any other text.
func ParseCursor(fingerprint, text string, keys ...any) error {
	b, err := cursorEncoding.DecodeString(text)
	// The decoder passes over line breaks; a cursor has one text only.
	if err != nil || len(b) < 6 || cursorEncoding.EncodeToString(b) != text {
		return &CursorError{Reason: "it is mangled"}
	}
	b, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(b) != sum {
		return &CursorError{Reason: "it is mangled"}
	}
	rest, ours := bytes.CutPrefix(b, append([]byte{cursorVersion, byte(len(fingerprint))}, fingerprint...))
	if !ours {
		return &CursorError{Reason: "it is of another list, or of another version of this one"}
	}
	var values []json.RawMessage
	if err := json.Unmarshal(rest, &values); err != nil || len(values) != len(keys) {
		return &CursorError{Reason: "it has not the keys of this list"}
	}
	for i, key := range keys {
		if err := json.Unmarshal(values[i], key); err != nil || string(values[i]) == "null" {
			return &CursorError{Reason: fmt.Sprintf("its key %d is of another type", i+1)}
		}
	}
	return nil
}
