// Package given holds what a test is given before it acts: real servers, builders,
// clocks. It is imported by tests only; a linter says so.
package given
