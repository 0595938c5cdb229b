//go:build unix

package pgserver

import (
	"slices"
	"testing"
)

func TestTheZeroConfigTriesAllProvidersInOrder(t *testing.T) {
	t.Parallel()
	cfg, err := Config{Getenv: env{}.get}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if want := []Provider{DSN, Local, Docker, Download}; !slices.Equal(cfg.Providers, want) {
		t.Errorf("providers %v, want %v", cfg.Providers, want)
	}
	if want := []string{"TEST_DATABASE_URL", "DATABASE_URL"}; !slices.Equal(cfg.DSNVars, want) {
		t.Errorf("DSN variables %v, want %v", cfg.DSNVars, want)
	}
	cfg.Report("a report that nobody wants does not panic")
}

func TestTheEnvironmentForcesOneProvider(t *testing.T) {
	t.Parallel()
	for _, forced := range []Provider{DSN, Local, Docker, Download} {
		cfg, err := Config{Getenv: env{"SQLKEEL_PG_PROVIDER": string(forced)}.get}.withDefaults()
		if err != nil || !slices.Equal(cfg.Providers, []Provider{forced}) {
			t.Errorf("forced %s: providers %v, error %v", forced, cfg.Providers, err)
		}
	}
}

func TestTheEnvironmentCannotForceAProviderTheCallerExcluded(t *testing.T) {
	t.Parallel()
	own := []Provider{Local, Docker}
	cfg, err := Config{Providers: own, Getenv: env{"SQLKEEL_PG_PROVIDER": "dsn"}.get}.withDefaults()
	if err != nil || !slices.Equal(cfg.Providers, own) {
		t.Errorf("providers %v, error %v; want %v", cfg.Providers, err, own)
	}
}

func TestAnUnknownProviderIsRefusedByName(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{Providers: []Provider{"cloud"}, Getenv: env{}.get})
	wantInError(t, err, "Config.Providers", `"cloud"`, "dsn, local, docker, download")
	_, err = Start(t.Context(), Config{Getenv: env{"SQLKEEL_PG_PROVIDER": "Local"}.get})
	wantInError(t, err, "SQLKEEL_PG_PROVIDER", `"Local"`)
}

func TestSettingsBecomeArgumentsInAStableOrder(t *testing.T) {
	t.Parallel()
	cfg, err := Config{Settings: map[string]string{"work_mem": "8MB", "max_connections": "20"}, Getenv: env{}.get}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "jit=off", "-c", "max_connections=20", "-c", "work_mem=8MB"}
	if got := cfg.Arguments(); !slices.Equal(got, want) {
		t.Errorf("arguments %q, want %q", got, want)
	}
	cfg.Durable = true
	if got, want := cfg.Arguments(), want[4:]; !slices.Equal(got, want) {
		t.Errorf("durable: arguments %q, want %q", got, want)
	}
}

func TestDefaultsDoNotChangeTheCallersSettings(t *testing.T) {
	t.Parallel()
	mine := map[string]string{"work_mem": "8MB"}
	if _, err := (Config{Settings: mine, Getenv: env{}.get}).withDefaults(); err != nil {
		t.Fatal(err)
	}
	if len(mine) != 1 {
		t.Errorf("the caller's map became %v", mine)
	}
}
