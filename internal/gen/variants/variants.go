// Package variants finds the optional parts of a statement, cuts its text at them
// and proves every variant by preparing it.
package variants
