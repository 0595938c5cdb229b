package db

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const someDSN = "postgres://anna:s3cret@127.0.0.1:5432/shop?sslmode=disable"

// configErrors returns the fields that err names.
func configErrors(err error) []string {
	var fields []string
	var walk func(error)
	walk = func(err error) {
		var c *ConfigError
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				walk(e)
			}
		} else if errors.As(err, &c) {
			fields = append(fields, c.Field)
		}
	}
	walk(err)
	return fields
}

func TestTheZeroConfigHasTheDocumentedDefaults(t *testing.T) {
	t.Parallel()
	got, pool, err := resolve(Config{DSN: someDSN})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		DSN: someDSN, Name: "shop", MaxConns: 10, MaxConnLifetime: 30 * time.Minute, MaxConnLifetimeJitter: 6 * time.Minute,
		MaxConnIdleTime: 5 * time.Minute, AcquireTimeout: 5 * time.Second, ConnectTimeout: 3 * time.Second, PingTimeout: time.Second,
		ConnectAttempts: 10, ConnectBackoffBase: 100 * time.Millisecond, ConnectBackoffMax: 5 * time.Second, HoldWarning: 30 * time.Second,
		ShareReads: 64, Pooler: Auto, Logger: got.Logger, HealthInterval: 5 * time.Second, HealthTimeout: 2 * time.Second,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults:\n got %+v\nwant %+v", got, want)
	}
	if pool.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement || pool.ConnConfig.RuntimeParams["statement_timeout"] != "" {
		t.Errorf("pgx is set up with mode %v and %v", pool.ConnConfig.DefaultQueryExecMode, pool.ConnConfig.RuntimeParams)
	}
}

func TestDefaultsFollowWhatIsSet(t *testing.T) {
	t.Parallel()
	got, _, err := resolve(Config{
		DSN: someDSN, Name: "orders", AcquireTimeout: 500 * time.Millisecond, MaxConnLifetime: time.Minute,
		ConnectBackoffMax: time.Millisecond, HealthInterval: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.ConnectTimeout != 500*time.Millisecond || got.PingTimeout != 500*time.Millisecond {
		t.Errorf("within 500ms: connect %v, ping %v", got.ConnectTimeout, got.PingTimeout)
	}
	if got.MaxConnLifetimeJitter != 12*time.Second || got.ConnectBackoffBase != time.Millisecond || got.HealthTimeout != time.Second {
		t.Errorf("jitter %v, base %v, health %v", got.MaxConnLifetimeJitter, got.ConnectBackoffBase, got.HealthInterval)
	}
	if got.Name != "orders" {
		t.Errorf("name %q", got.Name)
	}
	if got, _, _ := resolve(Config{DSN: someDSN, ConnectBackoffBase: 9 * time.Second}); got.ConnectBackoffMax != 9*time.Second {
		t.Errorf("backoff up to %v", got.ConnectBackoffMax)
	}
}

func TestEverySettingReachesTheDriver(t *testing.T) {
	t.Parallel()
	tracer := &silentTracer{}
	cfg, pool, err := resolve(Config{
		DSN: someDSN + "&connect_timeout=2&statement_timeout=9", MaxConns: 7, MinConns: 3, MinIdleConns: 2, MaxConnLifetime: time.Hour,
		MaxConnLifetimeJitter: time.Minute, MaxConnIdleTime: 8 * time.Second, StatementTimeout: 1500 * time.Millisecond,
		ExecMode: pgx.QueryExecModeExec, Tracer: tracer,
	})
	if err != nil {
		t.Fatal(err)
	}
	if pool.MaxConns != 7 || pool.MinConns != 3 || pool.MinIdleConns != 2 {
		t.Errorf("sizes %d, %d, %d", pool.MaxConns, pool.MinConns, pool.MinIdleConns)
	}
	if pool.MaxConnLifetime != time.Hour || pool.MaxConnLifetimeJitter != time.Minute || pool.MaxConnIdleTime != 8*time.Second {
		t.Errorf("times %v, %v, %v", pool.MaxConnLifetime, pool.MaxConnLifetimeJitter, pool.MaxConnIdleTime)
	}
	if pool.HealthCheckPeriod != 2*time.Second {
		t.Errorf("the pool is looked over every %v", pool.HealthCheckPeriod)
	}
	conn := pool.ConnConfig
	if conn.DefaultQueryExecMode != pgx.QueryExecModeExec || conn.Tracer != tracer || conn.RuntimeParams["statement_timeout"] != "1500" {
		t.Errorf("mode %v, tracer %v, parameters %v", conn.DefaultQueryExecMode, conn.Tracer, conn.RuntimeParams)
	}
	if conn.ConnectTimeout != 2*time.Second || cfg.ConnectTimeout != 2*time.Second {
		t.Errorf("the DSN's connect_timeout became %v", conn.ConnectTimeout)
	}
	if cfg, _, err := resolve(Config{DSN: someDSN + "&connect_timeout=2", ConnectTimeout: time.Second}); err != nil || cfg.ConnectTimeout != time.Second {
		t.Errorf("ConnectTimeout beside the DSN's: %v, %v", cfg.ConnectTimeout, err)
	}
}

type silentTracer struct{ pgx.QueryTracer }

func TestAWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*Config){
		"MaxConns":              func(c *Config) { c.MaxConns = -1 },
		"MinConns":              func(c *Config) { c.MinConns = -1 },
		"MinIdleConns":          func(c *Config) { c.MinIdleConns = -1 },
		"ConnectAttempts":       func(c *Config) { c.ConnectAttempts = -1 },
		"MaxConnLifetime":       func(c *Config) { c.MaxConnLifetime, c.MaxConnLifetimeJitter = -1, 1 },
		"MaxConnLifetimeJitter": func(c *Config) { c.MaxConnLifetimeJitter = -1 },
		"MaxConnIdleTime":       func(c *Config) { c.MaxConnIdleTime = -1 },
		"AcquireTimeout":        func(c *Config) { c.AcquireTimeout, c.PingTimeout, c.ConnectTimeout = -1, 1, 1 },
		"ConnectTimeout":        func(c *Config) { c.ConnectTimeout = -1 },
		"PingTimeout":           func(c *Config) { c.PingTimeout = -1 },
		"StatementTimeout":      func(c *Config) { c.StatementTimeout = -1 },
		"HoldWarning":           func(c *Config) { c.HoldWarning = -1 },
		"ConnectBackoffBase":    func(c *Config) { c.ConnectBackoffBase = -1 },
		"ConnectBackoffMax":     func(c *Config) { c.ConnectBackoffMax, c.ConnectBackoffBase = -1, 1 },
		"HealthInterval":        func(c *Config) { c.HealthInterval, c.HealthTimeout = -1, 1 },
		"HealthTimeout":         func(c *Config) { c.HealthTimeout = -1 },
		"ExecMode":              func(c *Config) { c.ExecMode = 77 },
		"Name":                  func(c *Config) { c.Name = "a\x00b" },
	} {
		cfg := Config{DSN: someDSN}
		change(&cfg)
		d, err := Open(t.Context(), cfg)
		if got := configErrors(err); d != nil || len(got) != 1 || got[0] != field {
			t.Errorf("%s: error names %v: %v", field, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "db: "+field+" ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestFieldsThatContradictEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]Config{
		"MinConns":              {MaxConns: 2, MinConns: 3},
		"MinIdleConns":          {MinIdleConns: 11},
		"MaxConns":              {MaxConns: 1 << 30},
		"MaxConnLifetimeJitter": {MaxConnLifetime: time.Minute, MaxConnLifetimeJitter: time.Hour},
		"ConnectTimeout":        {ConnectTimeout: time.Minute},
		"PingTimeout":           {AcquireTimeout: time.Second, PingTimeout: 2 * time.Second},
		"ConnectBackoffBase":    {ConnectBackoffBase: 2 * time.Second, ConnectBackoffMax: time.Second},
		"StatementTimeout":      {StatementTimeout: time.Microsecond},
		"HealthInterval":        {HealthInterval: time.Millisecond},
		"HealthTimeout":         {HealthInterval: time.Second, HealthTimeout: time.Minute},
	} {
		cfg.DSN = someDSN
		_, err := Open(t.Context(), cfg)
		if got := configErrors(err); len(got) != 1 || got[0] != field {
			t.Errorf("%s: error names %v: %v", field, got, err)
		}
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Config{DSN: "", Name: "\x00", MaxConns: -1, PingTimeout: -1})
	if got := configErrors(err); !reflect.DeepEqual(got, []string{"Name", "DSN", "MaxConns", "PingTimeout"}) {
		t.Errorf("named %v: %v", got, err)
	}
}

func TestADSNThatCannotBeUsedIsExplainedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"":                                      "is empty",
		" ":                                     "is empty",
		"s3cret":                                "is neither a URL",
		"localhost:5432/db":                     "is neither a URL",
		"postgres://u:s3cret@h:5432/d\x00":      "contains a NUL byte",
		"postgres://u:s3/cret@h:5432/d":         "is not a valid URL",
		"postgres://u:s3%cret@h:5432/d":         "is not a valid URL",
		"postgres://u:s3cret@h:port/d":          "is not a valid URL",
		"postgres://u:s3cret@h/d?sslmode=never": "has a part that cannot be used",
		"postgres://u:s3cret@h/d?connect_timeout=s":                  "has a part that cannot be used",
		"host=h password=s3cret port=99999999":                       "has a part that cannot be used",
		"host=h password='s3cret":                                    "has a part that cannot be used",
		"postgres://u:s3cret@h,h2:x/d":                               "has a part that cannot be used",
		"postgres://u:s3cret@h/d?pool_max_conns=4&pool_min_conns=1":  "sets pool_max_conns, pool_min_conns: set the fields of Config instead",
		"host=h user=u password=s3cret pool_max_conn_lifetime=1h":    "sets pool_max_conn_lifetime",
		"postgres://u:s3cret@h/d?default_query_exec_mode=telepathic": "has a part that cannot be used",
	} {
		_, err := Open(t.Context(), Config{DSN: dsn})
		if got := configErrors(err); len(got) != 1 || got[0] != "DSN" {
			t.Errorf("%q: error names %v: %v", dsn, got, err)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", dsn, err)
		}
		if strings.Contains(err.Error(), "cret") || strings.Contains(err.Error(), "s3") {
			t.Errorf("the error repeats a part of the password: %v", err)
		}
	}
}

func TestTheUserIsTheNameWhenTheDSNHasNoDatabase(t *testing.T) {
	t.Setenv("PGDATABASE", "")
	got, _, err := resolve(Config{DSN: "postgres://anna@127.0.0.1?sslmode=disable"})
	if err != nil || got.Name != "anna" {
		t.Errorf("name %q, error %v", got.Name, err)
	}
}

func TestTheDSNsConnectTimeoutIsCutToAcquireTimeout(t *testing.T) {
	t.Parallel()
	got, pool, err := resolve(Config{DSN: someDSN + "&connect_timeout=10"})
	if err != nil || got.ConnectTimeout != got.AcquireTimeout || pool.ConnConfig.ConnectTimeout != got.AcquireTimeout {
		t.Errorf("%v, %v", got.ConnectTimeout, err)
	}
}

func TestAURLOfSeveralHostsIsAccepted(t *testing.T) {
	t.Parallel()
	_, pool, err := resolve(Config{DSN: "postgres://anna@127.0.0.1:1,127.0.0.1:2/shop?sslmode=disable"})
	if err != nil || len(pool.ConnConfig.Fallbacks) != 1 {
		t.Errorf("%v", err)
	}
}
