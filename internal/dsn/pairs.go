package dsn

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// pair is a parameter of a DSN, as it is written.
type pair struct {
	key, value string
	quoted     bool
	inURL      bool // and not decoded
}

const blanks = " \t\n\r\v\f"

// pairsOf splits keyword=value pairs as libpq does.
func pairsOf(text string) (pairs []pair, ok bool) {
	for text = strings.TrimLeft(text, blanks); text != ""; text = strings.TrimLeft(text, blanks) {
		key, rest, found := strings.Cut(text, "=")
		if !found {
			return nil, false
		}
		p := pair{key: strings.Trim(key, blanks)}
		rest = strings.TrimLeft(rest, blanks)
		p.quoted = strings.HasPrefix(rest, "'")
		end := blanks
		if p.quoted {
			rest, end = rest[1:], "'"
		}
		p.value, text, found = cutValue(rest, end)
		if p.quoted && !found {
			return nil, false
		}
		pairs = append(pairs, p)
	}
	return pairs, true
}

// cutValue cuts text at the first byte of end that no backslash precedes.
func cutValue(text, end string) (value, rest string, found bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
		case strings.IndexByte(end, text[i]) >= 0:
			return b.String(), text[i+1:], true
		}
		b.WriteByte(text[i])
	}
	return b.String(), "", false
}

// pairsOfURL returns the parameters of a URL, not decoded, as pgx finds them: an @
// before the first slash ends the user and the password, whatever is in them.
func pairsOfURL(text string) (pairs []pair) {
	_, query, _ := strings.Cut(afterUser(text), "?")
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			key, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, pair{key: key, value: value, inURL: true})
		}
	}
	return pairs
}

// pathOf returns the path of a URL, not decoded: the database's name.
func pathOf(text string) string {
	place, _, _ := strings.Cut(afterUser(text), "?")
	_, path, _ := strings.Cut(place, "/")
	return path
}

// afterUser returns a URL without scheme, user and password.
func afterUser(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	if i := strings.IndexAny(rest, "@/"); i >= 0 && rest[i] == '@' {
		return rest[i+1:]
	}
	return rest
}

// libpq has the keywords of libpq and pgx.
var libpq = strings.Fields(`host hostaddr port dbname database user password passfile connect_timeout client_encoding options
	application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout
	replication gssencmode gssdelegation sslmode ssl requiressl sslnegotiation sslcompression sslcert sslkey sslpassword sslcertmode
	sslrootcert sslcrl sslcrldir sslsni requirepeer require_auth ssl_min_protocol_version ssl_max_protocol_version
	min_protocol_version max_protocol_version krbsrvname krbspn gsslib service servicefile target_session_attrs load_balance_hosts
	channel_binding default_query_exec_mode statement_cache_capacity description_cache_capacity pool_max_conns pool_min_conns
	pool_min_idle_conns pool_max_conn_lifetime pool_max_conn_idle_time pool_health_check_period pool_max_conn_lifetime_jitter
	pool_ping_timeout`)

// parameters has the parameters that a session may set, of servers up to version 18,
// one a line in lower case. What is missing can be set by options.
//
//go:embed parameters.txt
var parameters string

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*$`)

// known says whether key is a keyword, or a parameter of the server.
func known(key string) bool {
	return slices.Contains(libpq, key) || key != "" && strings.Contains("\n"+parameters, "\n"+strings.ToLower(key)+"\n")
}

// isSecret says whether the value of key may be anything.
func isSecret(key string) bool { return key == "password" || key == "sslpassword" }

// malformedKeys says what is wrong with the parameters of a DSN, or nil. An unknown
// one would be sent to the server, which names it in its refusal: it may be a piece of
// a password that was not quoted.
func malformedKeys(pairs []pair) *Error {
	afterSecret := false
	for _, p := range pairs {
		free := isSecret(p.key) || p.key == "options" || p.key == "application_name"
		dotted := strings.Contains(p.key, ".") && !afterSecret
		switch {
		case !identifier.MatchString(p.key):
			return &Error{"has a keyword that is none", "write keyword=value pairs or one URL; put a value with blanks into single quotes, and percent-encode special characters in a URL"}
		case !free && strings.Contains(p.value, "://"):
			return &Error{"has a URL as the value of a keyword", "give the URL alone"}
		case !known(p.key) && !dotted:
			return &Error{"has a keyword that is not known", "keywords are host, port, user, password, dbname and so on; put a password with blanks or & into single quotes, or percent-encode it in a URL; set a server's own parameter by options=-cname=value"}
		case !free && !p.quoted && !p.inURL && strings.Contains(p.value, "="):
			return &Error{"has an = in the value of a keyword", "separate pairs by blanks, and put a value with = into single quotes"}
		}
		afterSecret = isSecret(p.key)
	}
	return nil
}
