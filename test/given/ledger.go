package given

// LedgerBreaches are the breaches of what must hold of the ledger in every reachable state, each a query for
// cases or runs that break it. Source: spec/decisions.md 5.2 and 5.2a.
var LedgerBreaches = map[string]string{
	"a case at 20 or above and not waived has exactly one settled, unreversed payment": `SELECT c.case_id FROM cases c WHERE c.case_status >= 20
		AND c.pay_status <> 'waived' AND (SELECT COUNT(*) FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL) <> 1`,
	"a waived case has no payment that stands": `SELECT c.case_id FROM cases c WHERE c.pay_status = 'waived'
		AND EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.cancelled_at IS NULL AND e.reversed_at IS NULL)`,
	"a case at 15 has exactly one open payment and no settled one": `SELECT c.case_id FROM cases c WHERE c.case_status = 15
		AND ((SELECT COUNT(*) FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NULL AND e.cancelled_at IS NULL) <> 1
		OR EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL))`,
	"a case below 15 has no payment that stands": `SELECT c.case_id FROM cases c WHERE c.case_status < 15 AND c.active = 1
		AND EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.cancelled_at IS NULL AND e.reversed_at IS NULL)`,
	"no case above 15 has an open payment": `SELECT c.case_id FROM cases c WHERE c.case_status > 15
		AND EXISTS (SELECT 1 FROM payment_entries e WHERE e.human_case_id = c.human_case_id AND e.kind = 'payment'
			AND e.settled_at IS NULL AND e.cancelled_at IS NULL)`,
	"settled minus reversed of a case is never more than one payment": `SELECT e.human_case_id FROM payment_entries e WHERE e.kind = 'payment'
		AND e.settled_at IS NOT NULL AND e.reversed_at IS NULL GROUP BY e.human_case_id HAVING COUNT(*) > 1`,
	"a payment is not settled and cancelled, nor reversed without being settled": `SELECT e.entry_id FROM payment_entries e
		WHERE (e.settled_at IS NOT NULL AND e.cancelled_at IS NOT NULL) OR (e.reversed_at IS NOT NULL AND e.settled_at IS NULL)
		OR (e.kind <> 'payment' AND (e.settled_at IS NOT NULL OR e.cancelled_at IS NOT NULL OR e.reversed_at IS NOT NULL))`,
	"a cancelled or reversed payment has one counter entry with its cents negated": `SELECT p.entry_id FROM payment_entries p
		WHERE p.kind = 'payment' AND (p.cancelled_at IS NOT NULL OR p.reversed_at IS NOT NULL)
		AND (SELECT COUNT(*) FROM payment_entries n WHERE n.payment_id = p.entry_id AND n.amount_cents = -p.amount_cents AND n.run_id = p.run_id
			AND n.human_case_id = p.human_case_id AND n.provider_id = p.provider_id AND n.generation = p.generation
			AND n.kind = CASE WHEN p.cancelled_at IS NOT NULL THEN 'cancellation' ELSE 'reversal' END) <> 1`,
	"a counter entry names a payment that was taken back": `SELECT n.entry_id FROM payment_entries n LEFT JOIN payment_entries p ON p.entry_id = n.payment_id
		WHERE n.kind <> 'payment' AND (p.entry_id IS NULL OR (p.cancelled_at IS NULL AND p.reversed_at IS NULL))`,
	"the sums of a run are those of its entries": `SELECT r.run_id FROM payment_runs r WHERE
		r.opened_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment')
		OR r.payments <> (SELECT COUNT(*) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment')
		OR r.open_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'payment'
			AND e.settled_at IS NULL AND e.cancelled_at IS NULL)
		OR r.settled_cents <> (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.settled_at IS NOT NULL)
		OR r.cancelled_cents <> (SELECT COALESCE(-SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'cancellation')
		OR r.reversed_cents <> (SELECT COALESCE(-SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = r.run_id AND e.kind = 'reversal')`,
	"opened is open plus settled plus cancelled, to the cent": `SELECT r.run_id FROM payment_runs r
		WHERE r.opened_cents <> r.open_cents + r.settled_cents + r.cancelled_cents OR r.reversed_cents > r.settled_cents`,
	"the present generation is the one with the payment": `SELECT c.case_id FROM cases c JOIN payment_entries e ON e.human_case_id = c.human_case_id
		WHERE e.kind = 'payment' AND e.cancelled_at IS NULL AND e.reversed_at IS NULL AND e.generation <> c.pay_generation`,
	"the last move in the history is where the case stands": `SELECT c.case_id FROM cases c JOIN case_history h ON h.human_case_id = c.human_case_id
		WHERE h.history_id = (SELECT MAX(x.history_id) FROM case_history x WHERE x.human_case_id = c.human_case_id) AND h.to_status <> c.case_status`,
	"a counter entry is carried by a later run than its payment's, or not yet": `SELECT n.entry_id FROM payment_entries n
		WHERE n.carried_by_run_id IS NOT NULL AND (n.kind = 'payment' OR n.carried_by_run_id <= n.run_id)`,
	"no file carries what an import run paid or took back": `SELECT n.entry_id FROM payment_entries n JOIN payment_runs r ON r.run_id = n.run_id
		WHERE r.kind = 'import' AND n.carried_by_run_id IS NOT NULL`,
	"bills minus refunds of a provider over all files are what is settled, open, or taken back and not yet carried": `SELECT e.provider_id
		FROM payment_entries e JOIN payment_runs r ON r.run_id = e.run_id WHERE r.kind <> 'import' GROUP BY e.provider_id
		HAVING SUM(CASE WHEN e.kind = 'payment' OR e.carried_by_run_id IS NOT NULL THEN e.amount_cents ELSE 0 END)
			<> SUM(CASE WHEN e.kind = 'payment' AND e.cancelled_at IS NULL AND e.reversed_at IS NULL THEN e.amount_cents
				WHEN e.kind <> 'payment' AND e.carried_by_run_id IS NULL THEN -e.amount_cents ELSE 0 END)`,
}
