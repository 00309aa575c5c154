package contract

import "strings"

// Part is what a table takes part in. Each answer says how, or begins with "none, because".
type Part struct {
	Rotation  string // the encrypted columns, which are encrypted anew when keys are rotated
	Backup    string // what a backup holds of it, and what a restore does with that
	Retention string // which rows are forgotten after a while
	Purge     string // what becomes of the rows of a purged case
	Canary    string // how it is searched for patient data in the clear
	Legacy    string // what the import from the legacy service brings into it
}

// Answers lists the answers by the name of the work.
func (p Part) Answers() map[string]string {
	return map[string]string{
		"rotation": p.Rotation, "backup": p.Backup, "retention": p.Retention, "purge": p.Purge,
		"the patient canary": p.Canary, "legacy import": p.Legacy,
	}
}

// Takes reports whether an answer says that the table takes part.
func Takes(answer string) bool { return !strings.HasPrefix(answer, "none") }

// Answers that many tables give.
const (
	AllRows     = "all rows"
	SettledRows = "all rows; a restore ends what was under way"

	Planted       = "searched with a patient planted in it"
	SearchedByAPI = "searched after every endpoint was called about a planted patient" // test/api

	madeAnew = "none, because migrating the restored database fills it"

	nothingEncrypted = "none, because nothing in it is encrypted"
	keptForGood      = "none, because it is kept as long as the practice is"
	ofNoCase         = "none, because no row of it belongs to a case"
	ofTheLedger      = "none, because payments outlive their case; they name its number, not the patient"
	ofTheAuditLog    = "none, because the audit log is never shortened; the key of its digests goes with the case"
	listsOnly        = "none, because only administrators write it, and nothing about a patient"
	operation        = "none, because it holds nothing but the state of this program"
	fromCMS          = "none, because it is public data of CMS"
	oldOnesStay      = "none, because the legacy service has nothing of the kind"
)

// Parts is what every table takes part in: a new table needs a row here. TestEveryTableHasItsParts does each work on a
// database with a row in every table and compares. Only goose's own table has none: migrating fills it.
// Source: docs/rules.md, New tables and columns.
var Parts = map[string]Part{
	"api_tokens": {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, oldOnesStay},
	"arrivals": {
		nothingEncrypted, AllRows, keptForGood,
		"none, because a purged case must not be imported again; the digest of its row is keyed", Planted,
		"what was imported",
	},
	"audit_checkpoints": {nothingEncrypted, AllRows, keptForGood, ofTheAuditLog, operation, oldOnesStay},
	"audit_entries": {
		nothingEncrypted, AllRows, keptForGood, ofTheAuditLog, SearchedByAPI, "an entry for each thing that came",
	},
	"audit_seal": {
		nothingEncrypted, AllRows, keptForGood, ofTheAuditLog, operation,
		"none, because entries are sealed later, by the running program",
	},
	"bugs": {
		nothingEncrypted, AllRows, keptForGood, ofNoCase, SearchedByAPI,
		"none, because old reports are in the bug tracker",
	},
	"case_documents": {
		"file_name object_key", AllRows, keptForGood, "all rows of the case go, and their objects", Planted,
		"the files that cases name",
	},
	"case_history": {
		nothingEncrypted, AllRows, keptForGood, "all rows of the case go", SearchedByAPI,
		"the moves that old rows tell of",
	},
	"case_ids": {
		nothingEncrypted, AllRows, keptForGood, "none, because the id of a purged case stays taken", Planted,
		"the ids of cases",
	},
	"case_procedure_codes": {
		nothingEncrypted, AllRows, keptForGood, "all rows of the case go", Planted, "the codes of cases",
	},
	"case_status_labels": {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the list"},
	"cases": {
		"patient_first patient_last patient_dob digest_key", AllRows, keptForGood, "the case goes", Planted,
		"cases, deleted ones too",
	},
	"client_requests": {
		nothingEncrypted, AllRows, "after 90 days", ofNoCase, SearchedByAPI,
		"none, because bodies of old requests hold patient data in the clear",
	},
	"email_log": {
		nothingEncrypted, AllRows, keptForGood, ofNoCase, SearchedByAPI, "none, because it tells what was mailed then",
	},
	"facilities": {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "facilities, deleted ones too"},
	"faqs":       {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the list"},
	"generated_files": {
		nothingEncrypted, AllRows, "previews, after REPORT_RETENTION_DAYS", ofTheLedger, SearchedByAPI, oldOnesStay,
	},
	"group_members":    {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "memberships"},
	"idempotency_keys": {nothingEncrypted, SettledRows, "after a day", ofNoCase, Planted, oldOnesStay},
	"job_runs":         {nothingEncrypted, SettledRows, "after 400 days", ofNoCase, operation, oldOnesStay},
	"jobs":             {nothingEncrypted, AllRows, keptForGood, ofNoCase, operation, oldOnesStay},
	"leases":           {nothingEncrypted, SettledRows, keptForGood, ofNoCase, operation, oldOnesStay},

	"npi_directory":     {nothingEncrypted, AllRows, keptForGood, ofNoCase, fromCMS, fromCMS},
	"npi_files":         {nothingEncrypted, AllRows, keptForGood, ofNoCase, fromCMS, fromCMS},
	"npi_rejected_rows": {nothingEncrypted, AllRows, keptForGood, ofNoCase, fromCMS, fromCMS},
	"npi_words":         {nothingEncrypted, AllRows, keptForGood, ofNoCase, fromCMS, fromCMS},

	"outbox": {
		nothingEncrypted, AllRows, "tasks that are done, after 30 days",
		"none, because its tasks name ids and go when they are done", SearchedByAPI,
		"tasks that verify NPIs and find files",
	},
	"payment_entries": {
		nothingEncrypted, AllRows, keptForGood, ofTheLedger, SearchedByAPI,
		"payments of cases that were paid or are to be",
	},
	"payment_run_balances": {nothingEncrypted, AllRows, keptForGood, ofTheLedger, operation, oldOnesStay},
	"payment_run_held":     {nothingEncrypted, AllRows, keptForGood, ofTheLedger, operation, oldOnesStay},
	"payment_runs": {
		nothingEncrypted, AllRows, keptForGood, ofTheLedger, SearchedByAPI, "a run for each kind of old payment",
	},
	"price_current":        {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the version in force"},
	"price_rows":           {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "prices"},
	"price_tables":         {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "one version"},
	"procedure_codes":      {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the catalogue"},
	"report_passwords":     {"report_password", AllRows, keptForGood, ofNoCase, Planted, oldOnesStay},
	"report_recipients":    {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the lists"},
	"schema_compatibility": {nothingEncrypted, madeAnew, keptForGood, ofNoCase, operation, oldOnesStay},
	"surgeons":             {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "surgeons, deleted ones too"},
	"user_doc_types":       {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the list"},
	"user_documents": {
		"document_name object_key", AllRows, keptForGood, ofNoCase, Planted, "documents that users name",
	},
	"user_groups":      {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "groups"},
	"user_type_labels": {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, "the list"},
	"users":            {"tax_id", AllRows, keptForGood, ofNoCase, Planted, "users, deleted ones too"},
	"vendor_names":     {nothingEncrypted, AllRows, keptForGood, ofNoCase, listsOnly, oldOnesStay},
}

// PlainBytes are the columns of bytes that are not encrypted, and what is in them.
var PlainBytes = map[string]string{
	"api_tokens.token_digest":     "SHA-256 of 256 random bits",
	"arrivals.content_digest":     keyedDigest,
	"audit_checkpoints.hash":      "of the audit chain",
	"audit_checkpoints.signature": "of the audit chain",
	"audit_entries.after_digest":  keyedDigest,
	"audit_entries.before_digest": keyedDigest,
	"audit_seal.hash":             "of the audit chain",
	"case_documents.key_digest":   keyedDigest,
	"case_documents.sha256":       "of the content of an object",
	"cases.folded_digest":         keyedDigest,
	"cases.twin_digest":           keyedDigest,
	"generated_files.sha256":      "of the content of an object",
	"idempotency_keys.body_hash":  keyedDigest,
	"npi_files.content_hash":      "of a public file",
	"user_documents.sha256":       "of the content of an object",
}

// keyedDigest is of what finds equal values. The keys of digests are never rotated, or nothing would be found any more.
const keyedDigest = "keyed digest"
