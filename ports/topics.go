package ports

// The topics of outbox tasks.
const (
	// RepriceStale has the cases priced whose price does not come from the current table and tier:
	// those that were recorded while the table or the tier changed.
	RepriceStale = "reprice_stale"

	// VerifyNPI has an NPI held against the registry. The payload is one of the kinds below, a colon and
	// the id.
	VerifyNPI = "verify_npi"

	// SendLetter has a letter sent. The payload is its id.
	SendLetter = "send_letter"

	// TrackBug has the bug tracker told how a bug stands. The payload is its id.
	TrackBug = "track_bug"

	// JobFailed has it told that a run of a job failed for good. The payload is its id.
	JobFailed = "job_failed"
)

// The kinds of things that have an NPI.
const (
	VerifyUser     = "user"
	VerifySurgeon  = "surgeon"
	VerifyFacility = "facility"
)
