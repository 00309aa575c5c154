// Package verify has programs that nobody here wrote judge what we make: real servers, other clients,
// checkers of formats. It runs as `make verify`, which installs the programs first; without that its
// tests are skipped.
package verify
