package stmt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
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
// that can stand in a URL. The checksum notices accidents; it is no signature.
func FormatCursor(fingerprint string, keys ...any) (string, error) {
	values, err := json.Marshal(keys)
	if err != nil {
		return "", fmt.Errorf("write cursor: %w", err)
	}
	b := append([]byte{cursorVersion, byte(len(fingerprint))}, fingerprint...)
	b = append(b, values...)
	return cursorEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))), nil
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
