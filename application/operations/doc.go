// Package operations keeps the house: the editable lists, the code catalogue, time zones, repeated
// requests, the audit trail, the keys.
package operations
