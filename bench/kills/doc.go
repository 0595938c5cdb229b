// Package kills measures what a pool does while single sessions are ended: package
// db beside pgxpool with its defaults, in turns on one server. Run its benchmark for
// the figures; they are ratios within one run.
package kills
