// Package emit writes Go files from what was worked out about a project.
package emit
