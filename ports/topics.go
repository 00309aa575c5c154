package ports

// The topics of outbox tasks.
const (
	// RepriceStale has the cases priced whose price does not come from the current table and tier:
	// those that were recorded while the table or the tier changed.
	RepriceStale = "reprice_stale"
)
