package dsn

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Error is a DSN that cannot be used. It has no part of it, but for names that every
// PostgreSQL knows, such as sslmode.
type Error struct {
	Reason string // what is wrong, to be read after the place: "is empty"
	Remedy string // what to do about it
}

// Error is the reason and the remedy. Say the place in front of it.
func (e *Error) Error() string { return e.Reason + ": " + e.Remedy }

const (
	shape    = "use postgres://user:password@host:port/database"
	unusable = "has a part that cannot be used"
)

// Parse reads a DSN: a URL that begins with postgres:// or postgresql://, or
// keyword=value pairs. What it leaves out is taken from the PG* environment variables,
// the password file and the service file, as pgx does. Nothing is dialled. The error
// is an *Error.
func Parse(text string) (*pgx.ConnConfig, error) {
	if problem := malformed(text); problem != nil {
		return nil, problem
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		if name := badParameter(text); name != "" {
			return nil, &Error{unusable, "correct the value of " + name}
		}
		return nil, &Error{unusable, "look at its port, sslmode, target_session_attrs, connect_timeout, at the files and the service it names, and at the PG* environment variables"}
	}
	if problem := misread(text, config); problem != nil {
		return nil, problem
	}
	return config, nil
}

func isURL(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// malformed says what keeps text from being a DSN, or nil.
func malformed(text string) *Error {
	bare := strings.Trim(text, " \t\r\n\v\f\ufeff\u00a0")
	switch {
	case bare == "":
		return &Error{"is empty", shape}
	case strings.ContainsRune(text, 0):
		return &Error{"contains a NUL byte", "remove it"}
	case strings.ContainsAny(bare[:1], "\"'`"):
		return &Error{"is in quotes", "remove them: a file of environment variables keeps them"}
	case isURL(bare) && bare != text:
		return &Error{"is a URL with white space around it", "remove it"}
	case isURL(text):
		return malformedURL(text)
	}
	return malformedPairs(text)
}

func malformedURL(text string) *Error {
	// A URL of several hosts is none for the standard library.
	if _, err := url.Parse(text); err != nil && !strings.Contains(text, ",") {
		return &Error{"is not a valid URL", "the port must be a number; percent-encode special characters in user and password"}
	}
	return malformedKeys(pairsOfURL(text))
}

func malformedPairs(text string) *Error {
	neither := &Error{"is neither a URL that begins with postgres:// nor keyword=value pairs", shape}
	scheme, _, found := strings.Cut(text, ":")
	if !strings.Contains(text, "=") || found && !strings.Contains(scheme, "=") {
		return neither // "Postgres://u:p@h/d?sslmode=disable", "app:password@host/d?a=b"
	}
	pairs, ok := pairsOf(text)
	if !ok {
		return &Error{unusable, "end each quoted value; put a value with blanks into single quotes, with a backslash before ' and \\ in it"}
	}
	return malformedKeys(pairs)
}

// misread looks for parts of text that pgx has taken for something else: they
// would be dialled, or be in errors and logs.
func misread(text string, config *pgx.ConnConfig) *Error {
	hosts := []string{config.Host}
	for _, f := range config.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, host := range hosts {
		if !isHost(host) {
			return &Error{"has a host that is none", "percent-encode special characters (@ : / ? # %) in user and password, give the port by itself, and look at PGHOST"}
		}
	}
	pathOfMore := isURL(text) && strings.ContainsAny(pathOf(text), "@/:,;=#")
	switch {
	case looksLikeDSN(config.Database) || pathOfMore:
		return &Error{"has a database name that looks like a part of a URL", "percent-encode special characters (@ : / ? # %) in user, password and database, and look at PGDATABASE"}
	case looksLikeDSN(config.User) || strings.Contains(config.User, ":") && config.Password == "":
		return &Error{"has a user that looks like a part of a URL", "separate user and password by a colon that is not percent-encoded, or by user= and password=, and look at PGUSER"}
	}
	return nil
}

// isHost says whether host may be a name, an address or a folder of sockets.
func isHost(host string) bool {
	switch {
	case strings.HasPrefix(host, "/"):
		return !strings.ContainsAny(host, "@?#=")
	case net.ParseIP(strings.Split(host, "%")[0]) != nil:
		return true
	case len(host) > 2 && host[1] == ':' && host[2] == '\\': // a folder on Windows
		return true
	}
	return !strings.ContainsAny(host, "@:/?#=;,\"'`<>{}[]|&%+\\ \t\r\n")
}

// looksLikeDSN says whether a name holds a URL or pairs of its own.
func looksLikeDSN(name string) bool {
	return strings.Contains(name, "://") || strings.Contains(name, "=")
}

// badParameter names the one parameter of a well-formed URL without which the URL
// would do, if it is one that everybody knows.
func badParameter(text string) string {
	u, err := url.Parse(text)
	if err != nil || !isURL(text) {
		return ""
	}
	for name := range u.Query() {
		rest := u.Query()
		rest.Del(name)
		u.RawQuery = rest.Encode()
		if _, err := pgx.ParseConfig(u.String()); err == nil && known(name) {
			return strconv.Quote(name)
		}
	}
	return ""
}
