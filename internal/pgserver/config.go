package pgserver

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Provider is a way to come by a server.
type Provider string

// The providers, in the order in which they are tried.
const (
	DSN      Provider = "dsn"
	Local    Provider = "local"
	Docker   Provider = "docker"
	Download Provider = "download"
)

// Config says which server is wanted. The zero value is ready to use.
type Config struct {
	// Providers are tried in this order. Default: the one that
	// SQLKEEL_PG_PROVIDER names, else DSN, Local, Docker, Download.
	// SQLKEEL_PG_PROVIDER also narrows a list given here, if it is in it.
	Providers []Provider

	// DSNVars are the environment variables in which DSN looks for a server,
	// the first that is set wins. Default: TEST_DATABASE_URL, DATABASE_URL.
	DSNVars []string

	// Settings are server parameters (postgresql.conf) of a server that is
	// started; DSN ignores them. Default: none besides max_connections=300 and
	// jit=off: what tests run is over before its compilation would pay.
	Settings map[string]string

	// Durable keeps fsync and full_page_writes on. Default: off. Without it a committed
	// transaction survives the death of the server's processes, but not that of the
	// machine. Its data are in memory (/dev/shm) where 4 GB are free there, unless
	// TMPDIR names a folder.
	Durable bool

	// Report gets a line for each provider that was passed over, with the reason,
	// and one for the provider that serves. Default: none.
	Report func(string)

	// Getenv reads the environment. Default: os.Getenv.
	Getenv func(string) string
}

func (c Config) withDefaults() (Config, error) {
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.Report == nil {
		c.Report = func(string) {}
	}
	if len(c.DSNVars) == 0 {
		c.DSNVars = []string{"TEST_DATABASE_URL", "DATABASE_URL"}
	}
	settings := map[string]string{"max_connections": "300", "jit": "off"}
	maps.Copy(settings, c.Settings)
	c.Settings = settings
	return c.withProviders()
}

func (c Config) withProviders() (Config, error) {
	all := []Provider{DSN, Local, Docker, Download}
	if len(c.Providers) == 0 {
		c.Providers = all
	}
	for _, p := range c.Providers {
		if !slices.Contains(all, p) {
			return c, fmt.Errorf("pgserver: Config.Providers: no provider %q (there are dsn, local, docker, download)", p)
		}
	}
	forced := Provider(c.Getenv("SQLKEEL_PG_PROVIDER"))
	if forced == "" {
		return c, nil
	}
	if !slices.Contains(all, forced) {
		return c, fmt.Errorf("pgserver: SQLKEEL_PG_PROVIDER: no provider %q (there are dsn, local, docker, download)", forced)
	}
	if slices.Contains(c.Providers, forced) {
		c.Providers = []Provider{forced}
	}
	return c, nil
}

// Arguments returns the settings as command-line arguments of postgres, in a
// stable order.
func (c Config) Arguments() []string {
	settings := map[string]string{}
	if !c.Durable {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	maps.Copy(settings, c.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", strings.TrimSpace(name)+"="+settings[name])
	}
	return args
}
