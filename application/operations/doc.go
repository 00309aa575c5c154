// Package operations keeps the house: jobs and the outbox, health and figures, mail and its recipients, the
// audit trail and its seals, retention, keys, repeated requests, the editable lists, the code catalogue, time zones.
package operations
