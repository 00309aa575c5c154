package bootstrap

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"surgicase/adapters/httpapi"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// entityOperation is how the old product called what an endpoint does.
type entityOperation struct{ entity, operation string }

// operationsOfEntities are the endpoints that count as operations on something, by operation id.
// Source: reference-wire.md 11.
var operationsOfEntities = map[string]entityOperation{
	"create-case": {"case", "create"}, "get-case": {"case", "read"}, "change-case": {"case", "update"}, "delete-case": {"case", "delete"},
	"restore-case": {"case", "restore"}, "filter-cases": {"case", "filter"}, "group-cases": {"case", "filter"}, "cases-by-status": {"case", "filter"},
	"move-cases": {"case", "bulk_update_status"},

	"create-user": {"user", "create"}, "get-user": {"user", "read"}, "change-user": {"user", "update"}, "delete-user": {"user", "delete"},
	"list-users": {"user", "filter"},

	"create-facility": {"facility", "create"}, "change-facility": {"facility", "update"}, "delete-facility": {"facility", "delete"},
	"list-facilities": {"facility", "get"},

	"create-surgeon": {"surgeon", "create"}, "change-surgeon": {"surgeon", "update"}, "delete-surgeon": {"surgeon", "delete"},
	"list-surgeons": {"surgeon", "get"},
}

// statusesOf are the outcomes that an operation can have.
var statusesOf = map[string][]string{
	"create":             {opSuccess, opError, opNotFound, opDuplicate},
	"read":               {opSuccess, opError, opNotFound},
	"update":             {opSuccess, opError, opNotFound, opDuplicate, httpapi.NoChanges},
	"delete":             {opSuccess, opError, opNotFound},
	"restore":            {opSuccess, opError, opNotFound, opDuplicate},
	"filter":             {opSuccess, opError, opNotFound},
	"get":                {opSuccess, opError, opNotFound},
	"search":             {opSuccess, opError, opNotFound},
	"bulk_update_status": {opSuccess, opError, httpapi.Partly},
}

const (
	opSuccess   = "success"
	opError     = "error"
	opNotFound  = "not_found"
	opDuplicate = "duplicate"
)

// outcomeOfOperation reads the outcome of an operation off its answer.
func outcomeOfOperation(a httpapi.Access, operation string) string {
	outcome := opError
	switch {
	case a.Status < 400 && a.Outcome != "":
		outcome = a.Outcome
	case a.Status < 400:
		outcome = opSuccess
	case a.Status == http.StatusNotFound:
		outcome = opNotFound
	case a.Status == http.StatusConflict && (strings.HasSuffix(a.FaultCode, "_exists") || strings.HasSuffix(a.FaultCode, "duplicate")):
		outcome = opDuplicate
	}
	return knownOr(outcome, statusesOf[operation], opError)
}

// callerRefused is the event of a request without a caller or with a bad credential.
const callerRefused = "caller.refused"

// refusals are the codes of callers who are refused.
var refusals = []string{"no_caller", "unknown_caller", "bad_token", "token_expired", "token_revoked", "token_not_yet_valid", "not_from_gateway", "other"}

// backgroundWork is what goes on behind the requests. A test compares it with the code.
var backgroundWork = []string{"outbox", "mail", "bugs", "jobs", "keys", "duplicates", "audit.seal", "audit.watch", "audit.checkpoint.storage", "database.wal"}

// eventNames are what is known to happen: they are counted from zero. A test compares them with the code.
var eventNames = []string{
	"case.created", "case.changed", "case.deleted", "case.restored", "case.purged", "case.bulk_moved", "case.zero_approved", "case.duplicate_confirmed", "duplicates.searched",
	"user.created", "user.changed", "user.deactivated", "surgeon.created", "surgeon.changed", "surgeon.deleted",
	"facility.created", "facility.changed", "facility.deleted", "group.created", "group.changed", "group.removed",
	"user.documents_changed", "user.documents_large", "document.stored", "document.version_removed", "document.damaged", "document.missing",
	"token.created", "token.revoked", "token.use_not_noted", "proxy.not_trusted", "connection.in_clear_text",
	"prices.loaded", "prices.caught_up", "run.opened", "run.settled", "run.reversed",
	"report.made", "report.mailed", "cases.exported", "bug.reported",
	"mail.sent", "mail.failed", "mail.unconfirmed", "mail.not_mailed", "mail.logged",
	"npi_directory.imported", "npi_directory.listed", "reference.imported",
	"backup.made", "backup.restored", "backup.verified", "audit.checkpoint", operations.ChainStalled, "audit.chain_not_keyed",
	"keys.added", "keys.promoted", "keys.refreshed", "keys.rotated", "keys.encrypted", "keys.retired", "keys.chain_added",
	"outbox.reprice_stale", "outbox.verify_npi", "outbox.sweep_object", "outbox.remove_object", "outbox.find_files",
	"outbox.send_letter", "outbox.track_bug", "outbox.job_failed",
	"job.open_payment_run", "job.settle_payment_runs", "job.npi_sync", "job.backup", "job.report_cleanup", "job.audit_verify",
	"job.retention", "job.verify_documents", "job.mail_payment_reports", "job.mail_provider_reports",
}

// eventOutcomes are how what happened went: refused by a rule, failed because something was away, or a
// defect of ours.
var eventOutcomes = []string{"success", "refused", "failed", "defect"}

func coarse(e ports.Event) string {
	switch {
	case e.Err == nil && (e.Outcome == "" || e.Outcome == "success"):
		return "success"
	case errors.Is(e.Err, fault.Unavailable), tookTooLong(e.Err):
		return "failed"
	case e.Err == nil || fault.CodeOf(e.Err) != "":
		return "refused"
	}
	return "defect"
}

// tookTooLong reports whether work was broken off, by a deadline or because nobody waits for it: not a defect.
func tookTooLong(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
