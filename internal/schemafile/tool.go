package schemafile

import (
	"path"
	"regexp"
)

// Tool is a program that applies migrations.
type Tool uint8

// The tools whose files are recognised.
const (
	Plain         Tool = iota // no tool is recognised
	Goose                     // pressly/goose
	GolangMigrate             // golang-migrate/migrate
	SQLMigrate                // rubenv/sql-migrate
	Dbmate                    // amacneil/dbmate
	Tern                      // jackc/tern
	Flyway
	Atlas // ariga/atlas, recognised by the file atlas.sum in the folder
)

// tool is what matters of a tool.
type tool struct {
	name string
	// text, or else file, recognises a file by its content or by its base name.
	text, file *regexp.Regexp
	// mark is a file that stands in a folder of the tool's.
	mark string
	// version finds the version in a base name; nil when the name itself is it.
	version *regexp.Regexp
	// unique says that the tool refuses two files of one version.
	unique bool
	// oneSession says that settings of one file last for the next.
	oneSession bool
}

var leadingNumber = regexp.MustCompile(`^(\d+)`)

var tools = [...]tool{
	Plain: {name: "no tool"},
	Goose: {name: "goose", text: regexp.MustCompile(`(?mi)^\s*--\s*\+goose\s+up\b`),
		version: regexp.MustCompile(`^(\d+)_`), unique: true, oneSession: true},
	GolangMigrate: {name: "golang-migrate", file: regexp.MustCompile(`^\d+_.*\.up\.sql$`),
		version: regexp.MustCompile(`^(\d+)_.*\.up\.sql$`), unique: true, oneSession: true},
	SQLMigrate: {name: "sql-migrate", text: regexp.MustCompile(`(?mi)^\s*--\s*\+migrate\s+up\b`),
		version: leadingNumber, oneSession: true},
	Dbmate: {name: "dbmate", text: regexp.MustCompile(`(?mi)^\s*--\s*migrate:up\b`), oneSession: true},
	Tern: {name: "tern", text: regexp.MustCompile(`(?mi)^\s*--\s*--\s*create above / drop below\s*----`), mark: "tern.conf",
		version: regexp.MustCompile(`^(\d+)_`), unique: true},
	Flyway: {name: "flyway", file: regexp.MustCompile(`^V\d+(?:[._]\d+)*__.+\.sql$`),
		version: regexp.MustCompile(`^V(\d+(?:[._]\d+)*)__`), unique: true},
	Atlas: {name: "atlas", mark: "atlas.sum"},
}

// String returns the tool's name.
func (t Tool) String() string { return tools[t].name }

// OneSession reports whether the tool applies all files of a folder in one session,
// and resets nothing in between: a SET of one file lasts for the next.
func (t Tool) OneSession() bool { return tools[t].oneSession }

// ToolOf returns the tool whose mark a file bears in its text or, without any, in
// its name. Default: Plain.
func ToolOf(name, text string) Tool {
	for t, known := range tools {
		if known.text != nil && known.text.MatchString(text) {
			return Tool(t)
		}
	}
	for t, known := range tools {
		if known.file != nil && known.file.MatchString(path.Base(name)) {
			return Tool(t)
		}
	}
	return Plain
}
