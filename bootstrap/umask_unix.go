//go:build unix

package bootstrap

import "syscall"

// closeUmask has every file that the program makes from here on belong to its user alone, those that
// libraries make included.
func closeUmask() { syscall.Umask(0o077) }
