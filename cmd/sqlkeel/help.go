package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples end the help of each command, by its path without "sqlkeel".
var examples = map[string]string{
	"": `sqlkeel inspect
sqlkeel generate
sqlkeel migrate up --dsn postgres://shop@localhost/shop`,
	"generate": `sqlc generate && sqlkeel generate
sqlkeel generate --config services/shop/sqlc.yaml`,
	"check":   `sqlkeel check --dsn postgres://postgres@localhost`,
	"inspect": `sqlkeel inspect --json | jq '.[] | select(.read_only | not) | .name'`,
	"migrate": `sqlkeel migrate create add_publishers
sqlkeel migrate up --dsn postgres://shop@localhost/shop
sqlkeel migrate status --json`,
	"migrate up":       `sqlkeel migrate up --dir migrations --lock-timeout 5m`,
	"migrate up-to":    `sqlkeel migrate up-to 7 --dsn postgres://shop@localhost/shop`,
	"migrate down":     `sqlkeel migrate down --dsn postgres://shop@localhost/shop`,
	"migrate redo":     `sqlkeel migrate redo --dsn postgres://shop@localhost/shop`,
	"migrate status":   `sqlkeel migrate status --exit-code --dsn postgres://shop@localhost/shop`,
	"migrate create":   `sqlkeel migrate create add_publishers --dir migrations`,
	"migrate validate": `sqlkeel migrate validate --dir migrations --json`,
	"pg":               `sqlkeel pg run -- go test ./...`,
	"pg run": `sqlkeel pg run -- go test ./...
SQLKEEL_PG_PROVIDER=docker sqlkeel pg run -- make test`,
}

// usage is cobra's, with the example at the end.
const usage = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Global Flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasExample}}

Example:
{{.Example}}{{end}}
`

// addExamples gives each command below root, and root, its example.
func addExamples(root *cobra.Command) {
	root.SetUsageTemplate(usage)
	var add func(cmd *cobra.Command)
	add = func(cmd *cobra.Command) {
		path := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), root.Name()), " ")
		if text := examples[path]; text != "" {
			cmd.Example = "  " + strings.ReplaceAll(text, "\n", "\n  ")
		}
		for _, sub := range cmd.Commands() {
			add(sub)
		}
	}
	add(root)
}
