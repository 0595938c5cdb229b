package gen

import "github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"

// MigrationsFolder returns the folder of migrations that the sqlc configuration in the
// working directory names as its schema. The error says what stands there instead.
func MigrationsFolder() (string, error) { return project.SchemaFolder(".") }
