//go:build !race

package api

// underRace is false: see the other one.
const underRace = false
