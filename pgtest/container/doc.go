// Package container lets package pgtest start PostgreSQL in a container, or from
// binaries that it downloads once. Import it for that alone, in a test file:
//
//	import _ "github.com/sqlkeel/sqlkeel/pgtest/container"
//
// Without it pgtest has the server that TEST_DATABASE_URL names, or the binaries of the
// machine. It is a module of its own, because of what testcontainers-go requires.
//
// A container runs the image SQLKEEL_PG_IMAGE (default [DefaultImage]). Binaries come
// from the Maven repository SQLKEEL_PG_REPOSITORY (default: the central one) into a
// cache directory. SQLKEEL_PG_PROVIDER=docker or =download forces one of them.
package container

import "github.com/sqlkeel/sqlkeel/internal/pgserver"

func init() {
	pgserver.Register(pgserver.Docker, startDocker)
	pgserver.Register(pgserver.Download, startDownload)
}
