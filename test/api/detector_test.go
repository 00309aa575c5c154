//go:build race

package api

// underRace says that the race detector watches. It makes everything ten times slower, so what is tried
// exhaustively without it is only sampled with it: `make test` runs this package both ways.
const underRace = true
