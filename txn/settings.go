package txn

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// The settings of a transaction travel with its BEGIN, in one message, in this
// order:
//
//	set transaction ...; set local ..._timeout ...; insert into markers ...; set local ...; begin
//
// Statements in one message share an implicit transaction, which BEGIN makes an
// explicit one. When one of them fails, the server rolls back by itself and the
// session is free again; after a BEGIN in front it would be left in a failed
// transaction, and pools close such connections.

// beginOptions are what BEGIN is sent with.
func (r *Runner) beginOptions(op *Op, token int64) pgx.TxOptions {
	prefix := op.bounds()
	if op.Commit == Idempotent {
		prefix = append(prefix, r.markers.mark(op.Key, token)...)
	}
	prefix = append(prefix, op.settings()...)
	if len(prefix) == 0 {
		return op.options()
	}
	if modes := op.modes(); modes != "" {
		prefix = append([]string{"set transaction" + modes}, prefix...)
	}
	return pgx.TxOptions{BeginQuery: strings.Join(append(prefix, "begin"), "; ")}
}

func (op *Op) modes() string {
	var s strings.Builder
	if op.Iso != "" {
		s.WriteString(" isolation level " + string(op.Iso))
	}
	if op.ReadOnly {
		s.WriteString(" read only")
	}
	return s.String()
}

// bounds returns the statements that set the operation's timeouts.
func (op *Op) bounds() []string {
	var list []string
	for _, t := range op.timeouts() {
		if t.value > 0 {
			list = append(list, setLocal(t.setting, milliseconds(t.value)))
		}
	}
	return list
}

// settings returns the statements that make the operation's settings. A
// search_path or a role among them says nothing about the table of markers.
func (op *Op) settings() []string {
	if len(op.Settings) == 0 {
		return nil
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(op.Settings)) {
		list = append(list, setLocal(name, op.Settings[name]))
	}
	return list
}

// milliseconds rounds up, so that a bound never becomes 0, which is none.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
}

// validateSettings looks at what would not reach the server, or not as it was
// meant. The rest is for the server to judge.
func (op *Op) validateSettings() error {
	for name, value := range op.Settings {
		field := settingField(name)
		if name == "" || slices.Contains(strings.Split(name, "."), "") {
			return &ConfigError{Package: "txn", Field: field, Problem: "is not the name of a setting"}
		}
		if slices.ContainsFunc(strings.Split(name, "."), func(part string) bool { return len(part) > 63 }) {
			return &ConfigError{Package: "txn", Field: field, Problem: "has a part of more than 63 bytes, which the server would cut"}
		}
		switch strings.ToLower(name) {
		case "transaction_isolation", "transaction_read_only":
			return &ConfigError{Package: "txn", Field: field, Problem: "is what Op.Iso and ReadOnly are for"}
		}
		if err := invalidText(field, name); err != nil {
			return err
		}
		if err := invalidText(field, value); err != nil {
			return err
		}
		if _, ok := splitList(value); !ok && isList(name) {
			return &ConfigError{Package: "txn", Field: field, Problem: "is not a list of names with commas between"}
		}
	}
	return nil
}

func settingField(name string) string { return fmt.Sprintf("Op.Settings[%q]", name) }

func invalidText(field, text string) error {
	switch {
	case strings.ContainsRune(text, 0):
		return &ConfigError{Package: "txn", Field: field, Problem: "holds a NUL, which PostgreSQL's texts cannot"}
	case !utf8.ValidString(text):
		return &ConfigError{Package: "txn", Field: field, Problem: "is not UTF-8"}
	}
	return nil
}

// setLocal is SET and not set_config: that is a query, which takes the
// transaction's snapshot.
func setLocal(name, value string) string {
	values := []string{value}
	if isList(name) {
		values, _ = splitList(value)
	}
	for i, v := range values {
		values[i] = quoteLiteral(v)
	}
	return "set local " + quoteName(name) + " = " + strings.Join(values, ", ")
}

// isList reports whether SET takes each element of the setting's value for
// itself, and one string for one element.
func isList(name string) bool {
	name = strings.ToLower(name)
	return name == "search_path" || name == "temp_tablespaces"
}

// splitList splits a list of names as the server does: those without quotes are
// in lower case.
func splitList(list string) (names []string, ok bool) {
	rest := strings.TrimSpace(list)
	if rest == "" {
		return []string{""}, true
	}
	for {
		name, after, ok := nextName(rest)
		if !ok {
			return nil, false
		}
		names = append(names, name)
		if after == "" {
			return names, true
		}
		if after[0] != ',' {
			return nil, false
		}
		rest = strings.TrimSpace(after[1:])
	}
}

// nextName takes the name that s begins with off it.
func nextName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		end := closingQuote(s)
		if end < 0 {
			return "", "", false
		}
		return strings.ReplaceAll(s[1:end], `""`, `"`), strings.TrimSpace(s[end+1:]), true
	}
	end := strings.IndexByte(s+",", ',')
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	return name, s[end:], name != "" && !strings.ContainsAny(name, " \t\r\n\"")
}

// closingQuote returns where the quoted name that s begins with ends, or -1.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '"' {
			return i
		}
		i++
	}
	return -1
}
