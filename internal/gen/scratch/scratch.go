// Package scratch makes a throw-away database with a project's schema in it.
package scratch
