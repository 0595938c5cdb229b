package dsn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const secret = "s3cretw0rd"

// wantClean fails the test when a part of the secret of four letters or more is in
// what can be printed of err.
func wantClean(t *testing.T, text string, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			printed := fmt.Sprintf(verb, err)
			for i := range len(secret) - 3 {
				if strings.Contains(printed, secret[i:i+4]) {
					t.Errorf("%q: a part of the password is in %s", text, printed)
					return
				}
			}
		}
	}
}

func TestWhatIsNeitherAURLNorPairsIsRefused(t *testing.T) {
	t.Parallel()
	const good = "postgres://app:" + secret + "@10.9.9.9:1/x?sslmode=disable"
	for text, want := range map[string]string{
		"":                                   "is empty",
		" \n":                                "is empty",
		"\ufeff":                             "is empty",
		" " + good:                           "white space around it",
		good + "\n":                          "white space around it",
		"\ufeff" + good:                      "white space around it",
		"\u00a0" + good:                      "white space around it",
		`"` + good + `"`:                     "is in quotes",
		"'" + good + "'":                     "is in quotes",
		"'" + good:                           "is in quotes",
		"`" + good + "`":                     "is in quotes",
		strings.ToUpper(good[:1]) + good[1:]: "neither a URL",
		"POSTGRESQL" + good[8:]:              "neither a URL",
		"postgres:/" + good[11:]:             "neither a URL",
		"postgres:" + good[11:]:              "neither a URL",
		"postgres//" + good[11:]:             "neither a URL",
		"postgress" + good[8:]:               "neither a URL",
		"pgx5" + good[8:]:                    "neither a URL",
		"jdbc:postgresql" + good[8:]:         "neither a URL",
		"jdbc:postgresql://h/d?user=app&password=" + secret:             "neither a URL",
		"postgresql+asyncpg" + good[8:]:                                 "neither a URL",
		good[11:]:                                                       "neither a URL",
		"//" + good[11:]:                                                "neither a URL",
		"host: h password: " + secret:                                   "neither a URL",
		"DATABASE_URL=" + good:                                          "a URL as the value",
		"export DATABASE_URL=" + good:                                   "keyword that is none",
		"dsn=" + good:                                                   "a URL as the value",
		"host=" + good:                                                  "a URL as the value",
		"dbname=" + good:                                                "a URL as the value",
		"dbname='" + good + "'":                                         "a URL as the value",
		"user=" + good:                                                  "a URL as the value",
		secret:                                                          "neither a URL",
		"password=" + secret + "\x00":                                   "NUL byte",
		"host=h password='" + secret:                                    "cannot be used: end each quoted value",
		"host=h password=my " + secret + " dbname=x":                    "keyword that is none",
		"host=h password=my " + secret:                                  "cannot be used: end each quoted value",
		"host=h password=my " + secret + "=1":                           "not known",
		"host=h password='my'" + secret + "=1":                          "not known",
		"host=h,port=1,user=app,password=" + secret:                     "an = in the value",
		"host=h;port=1;user=app;password=" + secret:                     "an = in the value",
		"user=app;password=" + secret:                                   "an = in the value",
		"Host=h;Username=app;Password=" + secret:                        "not known",
		"PGHOST=h PGPASSWORD=" + secret:                                 "not known",
		"host=h pass-word=" + secret:                                    "keyword that is none",
		"host=h =" + secret:                                             "keyword that is none",
		"postgres://app:100%" + secret + "@h/d":                         "not a valid URL",
		"postgres://app:" + secret + "@h:port/d":                        "not a valid URL",
		"postgres://app:my word" + secret + "[@h/d":                     "not a valid URL",
		"postgres://app:x@" + secret + "@h/d":                           "a host that is none",
		"postgres://app@" + secret + "@h/d":                             "a host that is none",
		"postgres://app:12/" + secret + "@h/d":                          "a database name that looks",
		"postgres://app%3A" + secret + "@h/d":                           "a user that looks",
		"postgres://h/d?user=app:" + secret:                             "a user that looks",
		"user=app:" + secret + " host=h":                                "a user that looks",
		"postgres://h/d?password=x&" + secret + "=1":                    "not known",
		"postgres://h/d?user=app&pass word=" + secret:                   "keyword that is none",
		"postgres://app:x" + secret + "@h/d?sslmode=foo":                `the value of "sslmode"`,
		"postgres://app:x@h/d?sslpassword=" + secret + "&sslkey=/no":    `the value of "sslkey"`,
		"postgres://app:x@h/d?service=" + secret + "&servicefile=/none": `the value of "service"`,
	} {
		_, err := Parse(text)
		var problem *Error
		if !errors.As(err, &problem) || !strings.Contains(err.Error(), want) || problem.Remedy == "" {
			t.Errorf("%q: %v\nwant %q", text, err, want)
		}
		wantClean(t, text, err)
	}
}

func TestWhatPostgreSQLTakesIsTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"postgres://", "postgresql:///d", "postgres://app@h", "postgres://app:p%40%3A%2F%23@h:1/d?sslmode=disable",
		"postgres://app:p=a&b;c@h/d", "postgres://h1:1,h2:2/d?target_session_attrs=read-write", "postgres://app:a,b@h/d",
		"postgres://[::1]:5432/d", "postgres:///d?host=/var/run/postgresql", "postgres://h/d?user=app%40tenant&password=a@b",
		"postgres://h/d%40x?TimeZone=UTC&search_path=app&app.tenant=7&DateStyle=ISO", "postgres://h/d?options=-c%20geqo%3Doff",
		"postgres://h/d?pool_max_conns=4&default_query_exec_mode=exec",
		"host=h", " host=h\n port = 5432\tuser=app ", "host=/var/run/postgresql dbname=d", "host=h password=a=b", "host=h password='a b'",
		`host=h password='a\'b' user='x y'`, "host=h password=a://b", "host=h password=p application_name=a=b", "host=h password=p search_path=app",
		"host=h password=p TimeZone=UTC", "host=h app.tenant=7 password=p", "host=h options='-c geqo=off'", "host=h options=-cgeqo=off",
		"host=h user=''", "host=h password=", `host=h password=a\ b`,
	} {
		if _, err := Parse(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheEnvironmentIsLookedAtToo(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST": "postgres://app:" + secret + "@h/d", "PGPORT": secret, "PGDATABASE": "postgres://app:" + secret + "@h/d",
		"PGUSER": "app:" + secret, "PGSSLMODE": secret, "PGTARGETSESSIONATTRS": secret, "PGCONNECT_TIMEOUT": secret,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			host := "h"
			if name == "PGHOST" {
				host = ""
			}
			_, err := Parse("postgres://" + host)
			if err == nil {
				t.Error("it is taken")
			}
			wantClean(t, value, err)
		})
	}
}

// broken makes a DSN of parts in which the secret is the password, and breaks it.
func broken(r *rand.Rand) string {
	insert := func(text, what string) string {
		i := r.IntN(len(text) + 1)
		return text[:i] + what + text[i:]
	}
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	odd := func() string {
		return pick("@", ":", "/", "?", "#", "%", "%zz", "&", "=", " ", "'", "\"", "\\", ";", ",", "[", "]", "\n", "\t", "\x00", "\ufeff", "://", "+", "|", "é")
	}
	password := secret
	for range r.IntN(3) {
		password = insert(password, odd())
	}
	text := pick(
		"postgres://app:"+password+"@h:5432/d?sslmode=disable", "postgres://app:"+password+"@h1:1,h2:2/d", "postgres://h/d?user=app&password="+password,
		"postgres://h/d?password="+password+"&user=app", "host=h user=app password="+password+" dbname=d", "host=h password='"+password+"' user=app",
		"password="+password+" host=h", "postgres://app:x@h/d?sslpassword="+password+"&sslmode=disable", "host=h sslpassword='"+password+"'",
	)
	for range r.IntN(3) {
		switch r.IntN(5) {
		case 0:
			text = insert(text, odd())
		case 1:
			// Without what separates it a password is a part of the user or the host.
			if i := r.IntN(len(text)); strings.IndexByte(":@&=", text[i]) < 0 {
				text = text[:i] + text[i+1:]
			}
		case 2:
			text = pick(" ", "'", "\"", "DATABASE_URL=", "jdbc:", "\ufeff", "export X=") + text
		case 3:
			text = strings.Replace(text, "postgres://", pick("Postgres://", "postgres:/", "pgx5://", "", "//", "postgres:", "postgresql://"), 1)
		case 4:
			text += pick(" ", "\n", "'", "\"", ";", "&", "#x")
		}
	}
	return text
}

func TestNoPartOfAPasswordIsTold(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	refused := 0
	for range 50_000 {
		text := broken(r)
		config, err := Parse(text)
		wantClean(t, text, err)
		if err != nil {
			refused++
			continue
		}
		// What was taken is dialled, and these are in errors, logs and reports.
		told := []string{config.User, config.Database, config.Host}
		for _, f := range config.Fallbacks {
			told = append(told, f.Host)
		}
		for name := range config.RuntimeParams { // the server names one that it does not know
			told = append(told, name)
		}
		for _, name := range told {
			wantClean(t, text, errors.New(name))
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if refused < 10_000 {
		t.Errorf("only %d were broken", refused)
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		f.Add(broken(r))
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text)
		if strings.Contains(text, secret) {
			wantClean(t, text, err)
		}
	})
}
